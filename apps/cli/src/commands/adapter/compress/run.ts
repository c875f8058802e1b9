/** `alphalora adapter compress`: a trained LoRA reduced to the ranks that its singular values need. */
import { join } from 'node:path';
import {
  openAdapter,
  requireFreeFolder,
  writeFileAtomic,
  writeFolderAtomic,
} from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { type CompressedAdapter, compressAdapter } from '@alphalora/measuring/adapters';
import { count, left, percent, significant, table, whole } from '@alphalora/report/text';
import { requireFolder } from '../../../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { printableData, tell } from '../../../output/printable.js';
import { writeResult } from '../../../output/result.js';
import type { AdapterCompressOptions } from './command.js';

export async function run(
  path: string,
  options: AdapterCompressOptions,
  { stdout, stderr, signal }: Io,
): Promise<ExitCode> {
  const { output, rank, parameters, energy, expert } = options;
  requireFolder(output, 'adapter compress');
  if ([rank, parameters, energy].filter((given) => given !== undefined).length !== 1) {
    throw new AlphaLoraError('INVALID_OPTION', 'give one of --rank, --parameters and --energy');
  }
  await requireFreeFolder(output);
  const adapter = await openAdapter(path, { signal, ...defined({ expert }) });
  try {
    const target = defined({ rank, parameters, energy });
    const compressed = await compressAdapter(adapter, target, { signal });
    const { weights, config, ...found } = compressed;
    await writeFolderAtomic(output, async (folder) => {
      await writeFileAtomic(join(folder, 'adapter_model.safetensors'), weights);
      const text = `${JSON.stringify(config, null, 2)}\n`;
      await writeFileAtomic(join(folder, 'adapter_config.json'), text);
    });
    writeResult(stdout, options, { output, ...found }, () => wordsOf(printableData(found)));
    const gone = found.modules.filter((each) => each.rank === 0).length;
    if (gone > 0) {
      tell(
        stderr,
        `note: left out, as nothing of it is above the threshold: ${count(gone, 'module')}`,
      );
    }
    for (const note of adapter.notes) tell(stderr, `note: ${note}`);
    tell(stderr, `wrote ${output}`);
    return exitCodes.done;
  } finally {
    await adapter.close();
  }
}

type Words = Omit<CompressedAdapter, 'weights' | 'config'>;

function wordsOf({ modules, threshold, parameters, parametersBefore, energy }: Words): string {
  const columns = [
    left('module'),
    { title: 'rank' },
    { title: 'before' },
    { title: 'energy kept' },
  ];
  const rows = modules.map((each) => [
    each.module,
    whole(each.rank),
    whole(each.rankBefore),
    percent(each.energy),
  ]);
  return (
    `${table(columns, rows)}\n` +
    `${count(parameters, 'parameter')} of ${whole(parametersBefore)} (${percent(parameters / parametersBefore)}), ` +
    `${percent(energy)} of the squared singular values, those from ${significant(threshold)} on\n`
  );
}
