/** `alphalora export`: a document in the format of another program. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import { readAnyDocument } from '../documents.js';
import { type Exported, exportDocument, exportNotes } from '../exporters/index.js';
import { writeFileAtomic } from '../files.js';
import { type ExitCode, exitCodes, type Io } from '../io.js';
import { tell } from '../output/printable.js';

interface ExportOptions {
  to: string;
  /** A file, or a folder for files whose names the other program knows. */
  output?: string;
}

export async function exportCommand(
  file: string,
  options: ExportOptions,
  io: Io,
): Promise<ExitCode> {
  const document = await readAnyDocument(file);
  const exported = await exportDocument(document, options.to);
  const code = await writeExported(exported, options, io);
  for (const note of await exportNotes(document, options.to)) tell(io.stderr, `note: ${note}`);
  return code;
}

export async function writeExported(
  exported: Exported,
  { to, output }: ExportOptions,
  { stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>,
): Promise<ExitCode> {
  const files = typeof exported === 'string' ? [['', exported] as const] : Object.entries(exported);
  const [name, text] = files[0]!;
  const alone = files.length === 1;
  if (output === undefined) {
    if (!alone) {
      throw new AlphaLoraError('INVALID_OPTION', `${to} is several files: -o names their folder`);
    }
    stdout.write(text, 'data');
    return exitCodes.done;
  }
  const inside = !alone || isFolder(output);
  if (inside && name === '') {
    throw new AlphaLoraError('INVALID_OPTION', `-o ${output} is a folder: name a file in it`);
  }
  for (const [own, content] of files) {
    await writeFileAtomic(inside ? join(output, own) : output, content);
  }
  tell(stderr, `wrote ${inside && alone ? join(output, name) : output}`);
  return exitCodes.done;
}

/** One that is there, or is written as one. */
function isFolder(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return /[\\/]$/.test(path) || stats?.isDirectory() === true;
}
