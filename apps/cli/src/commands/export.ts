/** `alphalora export`: a document in the format of another program. */
import { join } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import { readAnyDocument } from '../documents.js';
import { type Exported, exportDocument, exportNotes } from '../exporters/index.js';
import { writeFileAtomic } from '../files.js';
import { type ExitCode, exitCodes, type Io } from '../io.js';

interface ExportOptions {
  to: string;
  /** A file, or a folder for a format of several files. */
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
  for (const note of await exportNotes(document, options.to)) io.stderr.write(`note: ${note}\n`);
  return code;
}

export async function writeExported(
  exported: Exported,
  { to, output }: ExportOptions,
  { stdout, stderr }: Pick<Io, 'stdout' | 'stderr'>,
): Promise<ExitCode> {
  if (typeof exported === 'string') {
    if (output === undefined) stdout.write(exported);
    else await writeFileAtomic(output, exported);
  } else {
    if (output === undefined) {
      throw new AlphaLoraError('INVALID_OPTION', `${to} is several files: -o names their folder`);
    }
    for (const [name, text] of Object.entries(exported)) {
      await writeFileAtomic(join(output, name), text);
    }
  }
  if (output !== undefined) stderr.write(`wrote ${output}\n`);
  return exitCodes.done;
}
