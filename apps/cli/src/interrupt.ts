/**
 * How Ctrl-C and SIGTERM end the program: the first one asks the command to stop; a second one, or too
 * long a wait, ends the process as the signal does by itself. `process.exit` would not do for that: it
 * waits for threads, and one that is blocked, such as in a read from a dead server's disk, never ends.
 */
import { type ExitCode, exitCodes, type Io } from './io.js';

/** Milliseconds that a command has to end after the signal. */
const PATIENCE = 10_000;
/** And that what it left behind has, once it has ended. */
const AFTERWARDS = 1000;

const codes = { SIGINT: exitCodes.interrupted, SIGTERM: 143 } as const;
type Interrupting = keyof typeof codes;

/** Work that was asked to stop, and what is kept of it. */
export class Interruption extends Error {
  readonly kept: string;

  constructor(kept: string, cause: unknown) {
    super('interrupted', { cause });
    this.kept = kept;
  }
}

/** What a failure of work is to be told as: with what is kept of it, where it was asked to stop. */
export function orInterruption(
  error: unknown,
  { signal }: Pick<Io, 'signal'>,
  kept: string,
): unknown {
  return signal.aborted ? new Interruption(kept, error) : error;
}

export interface Interrupts {
  /** For other reasons to stop. */
  readonly controller: AbortController;
  /** The process's exit code, when the command has ended with the given one. */
  ended(code: ExitCode): number;
}

export function catchInterrupts(): Interrupts {
  const controller = new AbortController();
  let received: Interrupting | undefined;
  for (const name of Object.keys(codes) as Interrupting[]) {
    process.on(name, () => {
      if (received) endBy(name);
      received = name;
      controller.abort(new DOMException('interrupted', 'AbortError'));
      setTimeout(endBy, PATIENCE, name).unref();
    });
  }
  return {
    controller,
    ended(code) {
      if (!received) return code;
      setTimeout(endBy, AFTERWARDS, received).unref();
      return code === exitCodes.interrupted ? codes[received] : code;
    },
  };
}

function endBy(name: Interrupting): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
  // The first process of a container survives its own signals.
  process.exit(codes[name]);
}
