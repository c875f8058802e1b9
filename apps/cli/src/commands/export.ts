/** `alphalora export`: a document in the format of another program. */
import { join } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import { readAnyDocument } from '../documents.js';
import { type Exported, exportDocument } from '../exporters/index.js';
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
  const exported = await exportDocument(await readAnyDocument(file), options.to);
  return writeExported(exported, options, io);
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
