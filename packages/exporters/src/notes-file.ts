/** What a format cannot express, kept beside the files that do not say it themselves. */
import type { Exported } from '@alphalora/contracts/extensions';
import { printable } from '@alphalora/documents/terms';

export interface NotesFile {
  /** After the first of the files: `adapter_config.notes.txt`. */
  readonly name: string;
  /** A line for each note; absent where there is nothing to say, and a former file is out of date. */
  readonly text?: string;
}

/**
 * The file of notes for a folder that an export goes into. Comments in YAML and Python say them already;
 * JSON has none.
 *
 * @returns undefined where the file has no name of its own: what is beside it is then not known
 */
export function notesFile({ files, notes }: Exported): NotesFile | undefined {
  if (typeof files === 'string') return undefined;
  const [first] = Object.keys(files);
  if (first === undefined) return undefined;
  const name = `${first.replace(/\.[^.]+$/, '')}.notes.txt`;
  const texts = Object.values(files);
  const lines = notes.map(printable);
  const isSaid = lines.every((line) => texts.some((text) => text.includes(line)));
  return isSaid ? { name } : { name, text: lines.map((line) => `${line}\n`).join('') };
}
