/** `alphalora export`: a document in the format of another program. */
import { join } from 'node:path';
import { statIfPresent } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { Exported } from '@alphalora/contracts/extensions';
import { exportDocument } from '@alphalora/exporters';
import { readAnyDocument } from '../../files/documents.js';
import { isStdout, requireFolder, writeOutput } from '../../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { tell } from '../../output/printable.js';
import type { ExportOptions } from './command.js';

type Target = Pick<ExportOptions, 'to' | 'output'>;

export async function run(file: string, options: Target, io: Io): Promise<ExitCode> {
  const document = await readAnyDocument(file, io);
  const { files, notes } = await exportDocument(document, options.to);
  const code = await writeExported(files, options, io);
  for (const note of notes) tell(io.stderr, `note: ${note}`);
  return code;
}

export async function writeExported(
  exported: Exported['files'],
  { to, output }: Target,
  io: Io,
): Promise<ExitCode> {
  const files = typeof exported === 'string' ? [['', exported] as const] : Object.entries(exported);
  const [name, text] = files[0]!;
  const alone = files.length === 1;
  if (output !== undefined && !alone) requireFolder(output, `export --to ${to}`);
  if (output === undefined || isStdout(output)) {
    if (!alone) {
      throw new AlphaLoraError('INVALID_OPTION', `${to} is several files: -o names their folder`);
    }
    io.stdout.write(text, 'data');
    return exitCodes.done;
  }
  const inside = !alone || (await isFolder(output));
  if (inside && name === '') {
    throw new AlphaLoraError('INVALID_OPTION', `-o ${output} is a folder: name a file in it`);
  }
  for (const [own, content] of files) {
    await writeOutput(inside ? join(output, own) : output, content, io);
  }
  tell(io.stderr, `wrote ${inside && alone ? join(output, name) : output}`);
  return exitCodes.done;
}

/** One that is there, or is written as one. */
async function isFolder(path: string): Promise<boolean> {
  return /[\\/]$/.test(path) || (await statIfPresent(path))?.isDirectory() === true;
}
