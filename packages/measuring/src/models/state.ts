/**
 * Whether the files of a model are still those that were opened, found without reading them: by the
 * digests that a hub lists, and for files on disk by their size and time of writing, as build tools do.
 */
import { stat } from 'node:fs/promises';
import { changedMeanwhile } from '@alphalora/checkpoint';
import type { Checkpoint } from '@alphalora/checkpoint/node';

/** One line for each file, and one for what their values are rounded to. */
export async function fileStates({
  files,
  cast,
}: Pick<Checkpoint, 'files' | 'cast'>): Promise<string[]> {
  const states = files.map(async ({ source: { name, identity } }) => identity ?? fileState(name));
  return [...(await Promise.all(states)), ...(cast === undefined ? [] : [`as ${cast}`])];
}

/** Of a file on disk; of a name that is none, always the same. */
export async function fileState(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  return `${path} ${stats ? `${stats.size} ${stats.mtimeNs}` : 'absent'}`;
}

/**
 * @param before what {@link fileStates} gave when the model was opened
 * @throws AlphaLoraError `IO_FAILED` naming the first file that has been written to since
 */
export async function requireUnchanged(
  checkpoint: Pick<Checkpoint, 'files' | 'cast'>,
  before: readonly string[],
): Promise<void> {
  const now = await fileStates(checkpoint);
  const at = now.findIndex((state, i) => state !== before[i]);
  if (at < 0) return;
  const { name: file } = checkpoint.files[at]!.source;
  throw changedMeanwhile(file, { file });
}
