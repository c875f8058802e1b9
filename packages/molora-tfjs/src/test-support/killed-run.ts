/**
 * A program that trains a small model into a folder, to be killed: by whoever started it, or by
 * itself at a given operation on files, in the middle of what that writes.
 *
 *     node killed-run.mjs <folder> <cpu|wasm|tensorflow> <steps> [operation]
 *
 * Says `ready` when it begins to train and `done` when it has finished.
 */
import { promises as fs } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import type { AdapterFiles } from '../adapters/files.js';
import { openRunFolder } from '../node/run-folder.js';
import { trainingSettings } from '../training/settings.js';
import { train } from '../training/train.js';
import type { TrainingState } from '../training/training-state.js';
import { type TestBackend, useBackend } from './backend.js';
import { dropoutModel, randomSequences } from './tiny-model.js';

const [path, backend, steps, operation] = process.argv.slice(2) as [
  string,
  string,
  string,
  string?,
];

await useBackend(backend as TestBackend);
const model = dropoutModel(13);
const sequences = randomSequences(40, 13);
const settings = trainingSettings(
  { steps: Number(steps), batchSize: 6, microBatchSize: 3, learningRate: 0.02 },
  sequences.length,
);
if (operation !== undefined) await killAt(Number(operation));
const folder = await openRunFolder(path, { resume: true });
process.stdout.write('ready\n');
await train({
  model,
  sequences,
  settings,
  ...(folder.state && { resume: folder.state }),
  callbacks: [{ name: 'metrics', onStep: (report) => folder.record(report) }],
  checkpoints: { every: 3, save: (state) => folder.save(state, weightsOf(state)) },
});
await folder.close();
process.stdout.write('done\n');

/** The variables of this model are no adapter's; their file stands for one. */
function weightsOf({ tensors }: TrainingState): AdapterFiles {
  const weights = serializeSafetensors({
    tensors: Object.entries(tensors).map(([name, { shape, values }]) => ({
      name,
      shape,
      dtype: 'F32' as const,
      bytes: encodeValues(values, 'F32'),
    })),
  });
  return { weights, config: '{}' };
}

/** Makes the n-th write, flush, cut or renaming the last thing that happens, half done. */
async function killAt(n: number): Promise<void> {
  let left = n;
  const probe = await fs.open(process.execPath);
  const handle = Object.getPrototypeOf(probe) as Record<string, (...args: unknown[]) => unknown>;
  await probe.close();
  const kill = (): never => {
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  };
  const intercept = (
    target: Record<string, (...args: unknown[]) => unknown>,
    name: string,
  ): void => {
    const original = target[name]!;
    target[name] = async function (this: unknown, ...args: unknown[]) {
      left--;
      if (left > 0) return original.apply(this, args);
      if (name === 'appendFile') await original.call(this, firstHalf(args[0] as string));
      if (name === 'writeFile')
        await original(args[0], firstHalf(args[1] as Uint8Array[]), args[2]);
      return kill();
    };
  };
  for (const name of ['appendFile', 'datasync', 'sync', 'truncate']) intercept(handle, name);
  for (const name of ['rename', 'rm', 'writeFile']) intercept(fs as unknown as typeof handle, name);
  syncBuiltinESMExports();
}

function firstHalf(data: string | Uint8Array[]): Uint8Array {
  const whole = typeof data === 'string' ? Buffer.from(data) : Buffer.concat(data);
  return whole.subarray(0, whole.length >> 1);
}
