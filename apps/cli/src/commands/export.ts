/** `alphalora export`: a document in the format of another program. */
import { join } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import { readAnyDocument } from '../documents.js';
import { exportDocument } from '../exporters/index.js';
import { writeFileAtomic } from '../files.js';
import { type ExitCode, exitCodes, type Io } from '../io.js';

interface ExportOptions {
  to: string;
  /** A file, or a folder for a format of several files. */
  output?: string;
}

export async function exportCommand(
  file: string,
  { to, output }: ExportOptions,
  { stdout, stderr }: Io,
): Promise<ExitCode> {
  const exported = await exportDocument(await readAnyDocument(file), to);
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
