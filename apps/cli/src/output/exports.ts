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
 *
 * @returns the path of each format: of the folder, or of the file where it has no name of its own
 */
export async function writeExports(
  allocation: Allocation,
  formats: readonly string[],
  folder: string,
  io: Io,
): Promise<Map<string, string>> {
  const written = new Map<string, string>();
  const { unit } = allocation.budget;
  for (const format of formats) {
    const { name, extension = 'txt' } = await exporterFor(format, { kind: 'allocation', unit });
    const { files, notes } = await exportDocument(allocation, format);
    const place = join(folder, typeof files === 'string' ? `${name}.${extension}` : name);
    const all: Array<[path: string, text: string]> =
      typeof files === 'string'
        ? [[place, files]]
        : Object.entries(files).map(([file, text]) => [join(place, file), text]);
    for (const [path, text] of all) {
      await writeOutput(path, text, io);
      tell(io.stderr, `wrote ${path}`);
    }
    for (const note of notes) tell(io.stderr, `note: ${note}`);
    written.set(name, place);
  }
  return written;
}
