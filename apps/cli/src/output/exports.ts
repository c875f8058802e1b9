/** An allocation in the formats of other programs, beside it in its folder. */
import { readdir, rm } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { Allocation } from '@alphalora/contracts';
import type { Exported, Exporter } from '@alphalora/contracts/extensions';
import { exportDocument, exporterFor, exporters, notesFile } from '@alphalora/exporters';
import { writeOutput } from '../files/write.js';
import type { Io } from '../io.js';
import { tell } from './printable.js';

interface WrittenExport {
  place: string;
  files: string[];
}

/**
 * Writes `<folder>/<format>.<extension>`, or `<folder>/<format>/` with the files whose names the other program
 * knows, and says what each format cannot hold.
 *
 * @returns of each format its place, the folder, or the file where it has no name of its own; and its files
 */
export async function writeExports(
  allocation: Allocation,
  formats: readonly string[],
  folder: string,
  io: Io,
): Promise<Map<string, WrittenExport>> {
  const written = new Map<string, WrittenExport>();
  const { unit } = allocation.budget;
  for (const format of formats) {
    const exporter = await exporterFor(format, { kind: 'allocation', unit });
    const exported = await exportDocument(allocation, exporter);
    const { files, notes } = exported;
    const { name } = exporter;
    const place = join(folder, typeof files === 'string' ? fileName(exporter) : name);
    const all: Array<[path: string, text: string]> =
      typeof files === 'string'
        ? [[place, files]]
        : Object.entries(files).map(([file, text]) => [join(place, file), text]);
    for (const [path, text] of all) {
      await writeOutput(path, text, io);
      tell(io.stderr, `wrote ${path}`);
    }
    await writeNotes(exported, place, io);
    for (const note of notes) tell(io.stderr, `note: ${note}`);
    written.set(name, { place, files: all.map(([path]) => path) });
  }
  return written;
}

/**
 * The notes of an export, beside its files in a folder where these do not say them; those of a former
 * export go.
 *
 * @returns the path, where there is something to say
 */
export async function writeNotes(exported: Exported, folder: string, io: Io): Promise<string[]> {
  const file = notesFile(exported);
  if (file === undefined) return [];
  const path = join(folder, file.name);
  if (file.text === undefined) {
    await rm(path, { force: true });
    return [];
  }
  await writeOutput(path, file.text, io);
  tell(io.stderr, `wrote ${path}`);
  return [path];
}

/** What {@link writeExports} has left in a folder, by format; only formats that seem to be there are loaded. */
export async function exportsIn(folder: string): Promise<Array<[format: string, path: string]>> {
  const found: Array<[format: string, path: string]> = [];
  const entries = await readdir(folder);
  for (const name of exporters.names()) {
    const alike = entries.filter((entry) => parse(entry).name === name);
    if (alike.length === 0) continue;
    const own = fileName(await exporters.load(name));
    for (const entry of alike) {
      if (entry === name || entry === own) found.push([name, join(folder, entry)]);
    }
  }
  return found;
}

/** Of a format whose file has no name of its own. */
function fileName({ name, extension = 'txt' }: Pick<Exporter, 'name' | 'extension'>): string {
  return `${name}.${extension}`;
}
