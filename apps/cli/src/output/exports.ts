/** An allocation in the formats of other programs, beside it in its folder. */
import { join } from 'node:path';
import type { Allocation } from '@alphalora/contracts';
import { exportDocument, exporterFor } from '@alphalora/exporters';
import { writeOutput } from '../files/write.js';
import type { Io } from '../io.js';
import { tell } from './printable.js';

/**
 * Writes `<folder>/<format>.<extension>`, or `<folder>/<format>/` with the files whose names the other program
 * knows, and says what each format cannot hold.
 */
export async function writeExports(
  allocation: Allocation,
  formats: readonly string[],
  folder: string,
  io: Io,
): Promise<void> {
  const { unit } = allocation.budget;
  for (const format of formats) {
    const { name, extension = 'txt' } = await exporterFor(format, { kind: 'allocation', unit });
    const { files, notes } = await exportDocument(allocation, format);
    const all: Array<[path: string, text: string]> =
      typeof files === 'string'
        ? [[join(folder, `${name}.${extension}`), files]]
        : Object.entries(files).map(([file, text]) => [join(folder, name, file), text]);
    for (const [path, text] of all) {
      await writeOutput(path, text, io);
      tell(io.stderr, `wrote ${path}`);
    }
    for (const note of notes) tell(io.stderr, `note: ${note}`);
  }
}
