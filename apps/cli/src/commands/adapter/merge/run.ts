/** `alphalora adapter merge`: a model with an adapter's updates in its weights. */
import { mergeAdapter, requireFreeFolder } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { schemeOf } from '@alphalora/measuring';
import { count } from '@alphalora/report/text';
import { requireFolder } from '../../../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { withModel } from '../../../measuring/model.js';
import { bytes } from '../../../output/amounts.js';
import { tell } from '../../../output/printable.js';
import { mergeProgress } from '../../../output/progress.js';
import { writeResult } from '../../../output/result.js';
import type { AdapterMergeOptions } from './command.js';

export async function run(
  model: string,
  adapter: string,
  options: AdapterMergeOptions,
  io: Io,
): Promise<ExitCode> {
  const { stdout, stderr, signal } = io;
  const { output, expert, maxShardSize: maxShardBytes, download, offline } = options;
  requireFolder(output, 'adapter merge');
  await requireFreeFolder(output);
  if (schemeOf(adapter) !== 'path') {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${adapter}: adapters are read from this machine; download it and give its folder`,
    );
  }
  const progress = mergeProgress(stderr);
  const merged = await withModel(model, defined({ download, offline }), io, async (opened) => {
    const base = { checkpoint: opened.checkpoint, folder: () => opened.folder() };
    return mergeAdapter({
      ...{ model: base, adapter, output, signal },
      ...defined({ expert, maxShardBytes }),
      onProgress: progress.update,
    }).finally(progress.clear);
  });
  writeResult(
    stdout,
    options,
    { output, ...merged },
    () =>
      `${count(merged.changed, 'weight')} of ${merged.weights} changed by ${count(merged.applied, 'update')}, ` +
      `${bytes(merged.bytes)} in ${count(merged.files.length, 'file')}; ` +
      `taken over from the base: config.json${merged.copied.map((name) => `, ${name}`).join('')}\n`,
  );
  for (const note of merged.notes) tell(stderr, `note: ${note}`);
  tell(stderr, `wrote ${output}`);
  return exitCodes.done;
}
