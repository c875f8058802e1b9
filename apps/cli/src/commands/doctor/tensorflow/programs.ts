/** Outside programs, run to their end. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AlphaLoraError } from '@alphalora/contracts';

interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program without a shell. @returns what it wrote to stdout */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options?: RunOptions,
) => Promise<string>;

const run = promisify(execFile);
const OUTPUT_BYTES = 16 * 2 ** 20;

/** @throws AlphaLoraError `ENGINE_FAILED` with the last line that the program wrote to stderr */
export const runProgram: RunProgram = async (program, args, options = {}) => {
  try {
    const { stdout } = await run(program, args, { ...options, maxBuffer: OUTPUT_BYTES });
    return stdout;
  } catch (cause) {
    options.signal?.throwIfAborted();
    const { stderr = '', message } = cause as Error & { stderr?: string };
    const said = stderr.trim().split('\n').at(-1) || message.split('\n')[0];
    throw new AlphaLoraError('ENGINE_FAILED', `${program} failed: ${said}`, {
      cause,
      details: { program, stderr: stderr.slice(-4000) },
    });
  }
};
