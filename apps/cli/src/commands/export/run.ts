/** `alphalora export`: a document in the format of another program. */
import { extname, join } from 'node:path';
import { statIfPresent } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { Exported } from '@alphalora/contracts/extensions';
import { exportDocument } from '@alphalora/exporters';
import { readAnyDocument } from '../../files/documents.js';
import { isStdout, requireFolder, writeOutput } from '../../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { tell } from '../../output/printable.js';
import { writeJson } from '../../output/result.js';
import type { ExportOptions } from './command.js';

type Target = Pick<ExportOptions, 'to' | 'output'>;
type Chosen = Target & Partial<ExportOptions>;

export async function run(file: string, options: Chosen, io: Io): Promise<ExitCode> {
  const document = await readAnyDocument(file, io);
  const { to, output, json } = options;
  const { files, notes } = await exportDocument(document, to, settingsOf(options));
  if (output !== undefined || !json) await writeExported(files, options, io);
  if (json && !(output !== undefined && isStdout(output))) {
    writeJson(io.stdout, { format: to, files, notes });
  }
  for (const note of notes) tell(io.stderr, `note: ${note}`);
  return exitCodes.done;
}

/** The options of the format that were given. */
function settingsOf({ scaling, alpha, dropout, targets, taskType, set }: Chosen) {
  return { ...defined({ scaling, alpha, dropout, targets, taskType }), ...set };
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
  const inside = !alone || (await isFolder(output, name));
  if (inside && name === '') {
    throw new AlphaLoraError('INVALID_OPTION', `-o ${output} is a folder: name a file in it`);
  }
  for (const [own, content] of files) {
    await writeOutput(inside ? join(output, own) : output, content, io);
  }
  tell(io.stderr, `wrote ${inside && alone ? join(output, name) : output}`);
  return exitCodes.done;
}

/**
 * One that is there, or is written as one; a new path that does not end as the name of the file does, such
 * as `adapter` for adapter_config.json, is a folder, too.
 */
async function isFolder(path: string, name: string): Promise<boolean> {
  const stats = await statIfPresent(path);
  if (stats) return stats.isDirectory();
  return /[\\/]$/.test(path) || (name !== '' && extname(path) !== extname(name));
}
