/** `alphalora adapter convert`: a trained LoRA in the format of another program. */
import { join } from 'node:path';
import { type ConvertedAdapter, convertAdapter } from '@alphalora/checkpoint/adapters';
import {
  type Adapter,
  type Checkpoint,
  type ExpertChoice,
  openAdapter,
  requireFreeFolder,
  statIfPresent,
  writeFileAtomic,
  writeFolderAtomic,
} from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { count } from '@alphalora/report/text';
import { requireFolder } from '../../../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { withModel } from '../../../measuring/model.js';
import { tell } from '../../../output/printable.js';
import { writeResult } from '../../../output/result.js';
import type { AdapterConvertOptions } from './command.js';

export async function run(path: string, options: AdapterConvertOptions, io: Io): Promise<ExitCode> {
  const { output, to, topK } = options;
  const { stdout, stderr, signal } = io;
  requireFolder(output, 'adapter convert');
  await (to === 'gguf' ? requireFreeFile(output) : requireFreeFolder(output));
  const expert: ExpertChoice | undefined =
    options.expert ?? (to === 'alphalora' || to === 'mola' ? 'each' : undefined);
  const adapter = await openAdapter(path, { signal, ...defined({ expert, topK }) });
  try {
    const convert = (base?: Checkpoint): Promise<ConvertedAdapter> =>
      convertAdapter(adapter, { to, signal, ...defined({ base }) });
    const base = options.base ?? (await namedBase(adapter, to));
    const { download, offline } = options;
    const opening = defined({ download, offline });
    const { files, ...found } =
      base === undefined
        ? await convert()
        : await withModel(base, opening, io, ({ checkpoint }) => convert(checkpoint));
    if (to === 'gguf') await writeFileAtomic(output, Object.values(files)[0]!, { signal });
    else {
      await writeFolderAtomic(output, async (folder) => {
        for (const [name, pieces] of Object.entries(files)) {
          await writeFileAtomic(join(folder, name), pieces);
        }
      });
    }
    const notes = [...adapter.notes, ...found.notes];
    const result = { output, from: adapter.format, to, ...defined({ base }), ...found, notes };
    writeResult(stdout, options, result, () => {
      const whole = found.saved > 0 ? `, ${count(found.saved, 'weight')} held whole` : '';
      return `${counted(adapter)}${whole}, from the format of ${adapter.format}\n`;
    });
    for (const note of notes) tell(stderr, `note: ${note}`);
    tell(stderr, `wrote ${output}`);
    return exitCodes.done;
  } finally {
    await adapter.close();
  }
}

function counted({ updates }: Pick<Adapter, 'updates'>): string {
  const modules = new Set(updates.map(({ module }) => module)).size;
  const experts = updates.length > modules ? `, ${count(updates.length, 'expert')}` : '';
  return `${count(modules, 'module')}${experts}`;
}

/** The base that the adapter names, where it is needed and a path on this machine. */
async function namedBase(
  { base, format, updates }: Adapter,
  to: string,
): Promise<string | undefined> {
  const isNeeded =
    (to === 'gguf' && format !== 'GGUF') || updates.some(({ withHeads }) => withHeads);
  if (!isNeeded || base === undefined) return undefined;
  return (await statIfPresent(base).catch(() => undefined)) ? base : undefined;
}

/** @throws AlphaLoraError `INVALID_OPTION` when there is something already */
async function requireFreeFile(path: string): Promise<void> {
  const stats = await statIfPresent(path);
  if (!stats) return;
  const mend = stats.isDirectory() ? 'name a file in it' : 'name another file';
  throw new AlphaLoraError('INVALID_OPTION', `${path} exists already; ${mend}`, {
    details: { file: path },
  });
}
