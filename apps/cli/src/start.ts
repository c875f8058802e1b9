/** The command line of this process: hands its streams and interrupts to the program. */
import { runCommandLine, StdoutFailure } from './command-line.js';
import { catchInterrupts } from './interrupt.js';
import { exitCodes } from './io.js';
import { guarded } from './output/printable.js';
import { lasting } from './streams.js';

const { controller, ended } = catchInterrupts();
// Where nobody can be told, the work is still worth finishing.
const stderr = guarded(lasting(process.stderr, () => undefined));
let lost = false;
const writable = lasting(process.stdout, (error) => {
  const failure = new StdoutFailure(error);
  if (!failure.isUnwanted) {
    lost = true;
    process.exitCode = exitCodes.failed;
    // Loaded when it is needed, so that `--help` stays quick.
    void import('@alphalora/checkpoint/node').then(({ fileError }) => {
      stderr.write(`error: ${fileError(error, 'stdout', 'write').message}\n`);
    });
  }
  controller.abort(failure);
});
const stdout = guarded(writable);
// What others wrote may end the process, which must not look like success.
const cutShort = (): void => {
  if (process.exitCode) return;
  process.exitCode = exitCodes.failed;
  stderr.write('error: ended before it was done: something that was loaded calls process.exit\n');
};
process.on('exit', cutShort);
const code = ended(
  await runCommandLine(process.argv.slice(2), { stdout, stderr, signal: controller.signal }),
);
process.off('exit', cutShort);
process.exitCode = lost ? exitCodes.failed : code;
