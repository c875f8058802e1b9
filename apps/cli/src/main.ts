#!/usr/bin/env node
/** Entry point: hands the process's streams and interrupts to the program. */
import { guarded } from './output/printable.js';
import { run } from './run.js';

const interrupt = new AbortController();
process.once('SIGINT', () => {
  interrupt.abort(new DOMException('interrupted', 'AbortError'));
  // A second Ctrl-C does not wait for the matrix in flight.
  process.once('SIGINT', () => process.exit(130));
});
// A reader such as `head` that closes the pipe early has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2), {
  stdout: guarded(process.stdout),
  stderr: guarded(process.stderr),
  signal: interrupt.signal,
});
