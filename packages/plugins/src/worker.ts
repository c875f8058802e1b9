/** The worker thread: answers the program's calls, one at a time, with what `foreign.ts` finds. */
import { setImmediate } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { packError } from './errors.js';
import { createCalls } from './foreign.js';
import type { Calls, Reply, Request, WorkerSettings } from './protocol.js';
import { leaveOutExperimentalWarnings } from './warnings.js';

const { port, ...settings } = workerData as WorkerSettings;
const reply = (message: Reply): void => port.postMessage(message);

leaveOutExperimentalWarnings();

const calls: Calls = createCalls({ ...settings, enter: (phase) => reply({ phase }) });

port.on('message', async ({ call, args }: Request) => {
  try {
    const result = await (calls[call] as (...args: unknown[]) => Promise<unknown>)(...args);
    // A rejection that a policy leaves behind ends this thread first, instead of counting as an answer.
    await setImmediate();
    await printed();
    reply({ result });
  } catch (error) {
    await printed();
    reply({ failure: packError(error) });
  }
});

/** What a policy has printed is with the program, which may end this thread after the reply. */
async function printed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writable) await new Promise((resolve) => stream.write('', resolve));
  }
}
