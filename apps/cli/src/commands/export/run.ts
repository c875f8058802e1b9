/** `alphalora export`: a document in the format of another program. */
import { extname, join } from 'node:path';
import { statIfPresent } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { Exported } from '@alphalora/contracts/extensions';
import { exportDocument } from '@alphalora/exporters';
import { readAnyDocument } from '../../files/documents.js';
import { isStdout, requireFolder, writeOutput } from '../../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { writeNotes } from '../../output/exports.js';
import { tell } from '../../output/printable.js';
import { requireOneResult, writeJson } from '../../output/result.js';
import type { ExportOptions } from './command.js';

type Target = Pick<ExportOptions, 'to' | 'output'>;
type Chosen = Target & Partial<ExportOptions>;

export async function run(file: string, options: Chosen, io: Io): Promise<ExitCode> {
  const { to, output, json } = options;
  requireOneResult(defined({ output, json }));
  const document = await readAnyDocument(file, io);
  const exported = await exportDocument(document, to, settingsOf(options));
  const { files, notes } = exported;
  const written =
    output === undefined && json ? undefined : await writeExported(exported, options, io);
  if (json) writeJson(io.stdout, { format: to, files, notes, ...defined({ written }) });
  for (const note of notes) tell(io.stderr, `note: ${note}`);
  return exitCodes.done;
}

/** The options of the format that were given. */
function settingsOf({ scaling, alpha, dropout, targets, taskType, set }: Chosen) {
  return { ...defined({ scaling, alpha, dropout, targets, taskType }), ...set };
}

/** @returns the paths of the files; none for stdout */
export async function writeExported(
  exported: Exported,
  { to, output }: Target,
  io: Io,
): Promise<string[]> {
  const { files: own } = exported;
  const files = typeof own === 'string' ? [['', own] as const] : Object.entries(own);
  const [name, text] = files[0]!;
  const alone = files.length === 1;
  if (output !== undefined && !alone) requireFolder(output, `export --to ${to}`);
  if (output === undefined || isStdout(output)) {
    if (!alone) {
      throw new AlphaLoraError('INVALID_OPTION', `${to} is several files: -o names their folder`);
    }
    io.stdout.write(text, 'data');
    return [];
  }
  const inside = !alone || (await isFolder(output, name));
  if (inside && name === '') {
    throw new AlphaLoraError('INVALID_OPTION', `-o ${output} is a folder: name a file in it`);
  }
  const paths: string[] = [];
  for (const [file, content] of files) {
    const path = inside ? join(output, file) : output;
    await writeOutput(path, content, io);
    paths.push(path);
  }
  tell(io.stderr, `wrote ${inside && alone ? join(output, name) : output}`);
  return inside ? [...paths, ...(await writeNotes(exported, output, io))] : paths;
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
