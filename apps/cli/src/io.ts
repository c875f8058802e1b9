/** What a command may talk to. Tests pass their own. */
import type { CommandPlugins } from './plugins/command-plugins.js';

export interface Output {
  /**
   * @param form `data` for documents and JSON, which are not changed on their way to a file or a pipe;
   * everything else is text for people
   */
  write(text: string, form?: 'data'): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Present on terminals; honours NO_COLOR and FORCE_COLOR. */
  hasColors?(): boolean;
}

export interface Io {
  /** The result, nothing else. */
  readonly stdout: Output;
  /** Progress, warnings and hints. */
  readonly stderr: Output;
  /** Aborted on Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal;
  /** What others wrote: opened for the commands that may use it, before they run. */
  plugins?: CommandPlugins;
}

/** Exit codes of the command line. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  /** Finished, but some matrices failed; the files are written all the same. */
  partial: 3,
  /** A `--fail-on` threshold was crossed; the files are written all the same. */
  crossed: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
