/** Runs one command line and turns whatever goes wrong into a message and an exit code. */
import { isAlphaLoraError } from '@alphalora/contracts';
import { CommanderError } from '@commander-js/extra-typings';
import { Interruption } from './interrupt.js';
import { type ExitCode, exitCodes, type Io } from './io.js';
import { printable, tell } from './output/printable.js';
import { createProgram } from './program.js';

/** Why a command stops when its stdout fails: nobody wants more, or no more can be written. */
export class StdoutFailure extends Error {
  /** A reader such as `head` that closes the pipe early has what it wanted. */
  readonly isUnwanted: boolean;

  constructor(cause: NodeJS.ErrnoException) {
    super('stdout failed', { cause });
    this.isUnwanted = cause.code === 'EPIPE';
  }
}

export async function runCommandLine(argv: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const program = createProgram(io, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    return report(error, io);
  } finally {
    await io.plugins?.close();
  }
}

function report(error: unknown, { stderr, signal, plugins }: Io): ExitCode {
  if (error instanceof CommanderError) {
    // Help and version have been printed, and so have usage errors.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  if (signal.reason instanceof StdoutFailure) {
    return signal.reason.isUnwanted ? exitCodes.done : exitCodes.failed;
  }
  if (signal.aborted) {
    tell(stderr, error instanceof Interruption ? `interrupted; ${error.kept}` : 'interrupted');
    return exitCodes.interrupted;
  }
  if (isAlphaLoraError(error)) {
    stderr.write(withCauses(error));
    const usage = ['INVALID_OPTION', 'INFEASIBLE_BUDGET', 'NOT_FOUND'].includes(error.code);
    return usage ? exitCodes.usage : exitCodes.failed;
  }
  const cause = error instanceof Error ? error : new Error(String(error));
  const added = plugins?.added ?? [];
  if (added.length > 0) {
    const names = added.map(({ kind, name }) => `${name} (${kind})`).join(', ');
    tell(stderr, `error: ${cause.message}; this comes from ${names}, or from what was made of it`);
    if (process.env['ALPHALORA_DEBUG']) tell(stderr, `${cause.stack}`);
    return exitCodes.failed;
  }
  tell(stderr, `internal error: ${cause.message}`);
  if (process.env['ALPHALORA_DEBUG']) tell(stderr, `${cause.stack}`);
  else stderr.write('this is a bug; rerun with ALPHALORA_DEBUG=1 for the stack trace\n');
  return exitCodes.failed;
}

/** The message, and what its causes add to it; with their stacks for who asks for them. */
function withCauses(error: Error): string {
  const lines: string[] = [];
  // An error that is its own cause, by whatever detour, is told once.
  const told = new Set<unknown>();
  for (let at: unknown = error; at instanceof Error && !told.has(at); at = at.cause) {
    told.add(at);
    const said = lines.some((line) => line.includes(printable((at as Error).message)));
    if (!said) lines.push(printable(`${at === error ? 'error' : 'caused by'}: ${at.message}`));
    if (process.env['ALPHALORA_DEBUG'] && at.stack) lines.push(at.stack);
  }
  return `${lines.join('\n')}\n`;
}
