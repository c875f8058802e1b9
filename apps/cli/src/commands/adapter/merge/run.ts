/** `alphalora adapter merge`: a model with an adapter's updates in its weights. */
import { mergeAdapter } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { count } from '@alphalora/report/text';
import { requireFolder } from '../../../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { bytes } from '../../../output/amounts.js';
import { tell } from '../../../output/printable.js';
import { mergeProgress } from '../../../output/progress.js';
import { writeResult } from '../../../output/result.js';
import type { AdapterMergeOptions } from './command.js';

export async function run(
  model: string,
  adapter: string,
  options: AdapterMergeOptions,
  { stdout, stderr, signal }: Io,
): Promise<ExitCode> {
  const { output, expert, maxShardSize: maxShardBytes } = options;
  requireFolder(output, 'adapter merge');
  for (const path of [model, adapter]) requirePath(path);
  const progress = mergeProgress(stderr);
  const merged = await mergeAdapter({
    ...{ model, adapter, output, signal },
    ...defined({ expert, maxShardBytes }),
    onProgress: progress.update,
  }).finally(progress.clear);
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

/** @throws AlphaLoraError `INVALID_OPTION` for an address */
function requirePath(path: string): void {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${path} is an address, and merging takes folders on this machine, as config.json and the tokenizer are copied: download it, e.g. with hf download`,
  );
}
