/**
 * The configuration of a project: `alphalora.config.{js,mjs,json}`, or the file that the user names.
 * Finding it runs nothing.
 */
import { realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { fileError, requireRegularFile } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import { inputName } from '../files/read.js';
import { isStreamName } from '../files/stream-name.js';

const names = ['alphalora.config.js', 'alphalora.config.mjs', 'alphalora.config.json'];

export interface Search {
  /** Named by the user: then no other one is looked for. */
  config?: string | undefined;
  /** Files and folders that the command reads: a configuration that may have come with one is not run. */
  inputs?: readonly string[] | undefined;
  folder: string;
}

/**
 * A configuration is run because the user named it, or because the working folder is a project (has a
 * package.json) and nothing that the command reads lies in there: a folder that was downloaded holds
 * what somebody wants to have read, and may hold a package.json too. Nor is it run where the command
 * reads stdin or a pipe: what comes from there may lie in here. Folders above are not looked at, as
 * others may be able to write there.
 *
 * @returns the absolute path of the configuration; or the name of one that is left alone, and why
 * @throws AlphaLoraError `INVALID_OPTION` when the named one does not exist, or there are several
 */
export function findConfiguration({ config, inputs = [], folder }: Search): {
  file?: string;
  skipped?: { name: string; why: string };
} {
  if (config !== undefined) {
    const file = resolve(folder, config);
    if (isThere(file)) return { file };
    throw new AlphaLoraError('INVALID_OPTION', `--config ${config}: there is no file ${file}`);
  }
  const [found, other] = names.filter((name) => isThere(resolve(folder, name)));
  if (found === undefined) return {};
  if (!isThere(resolve(folder, 'package.json'))) {
    const why = 'lies in a folder without package.json, which is no project';
    return { skipped: { name: found, why } };
  }
  const file = resolve(folder, found);
  const stream = inputs.find((input) => isStream(resolve(folder, input), input));
  if (stream !== undefined) {
    const why = `may have come with what ${inputName(stream)} brings, from wherever that is`;
    return { skipped: { name: found, why } };
  }
  const near = inputs.find((input) => mayBelong(file, resolve(folder, input)));
  if (near !== undefined) {
    return {
      skipped: { name: found, why: `may have come with ${near}, as one lies by the other` },
    };
  }
  if (other === undefined) return { file };
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `there are both ${found} and ${other}: choose one with --config, or remove one`,
  );
}

/** One that cannot be looked at, or is no file, is not silently passed over. */
function isThere(file: string): boolean {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats) requireRegularFile(stats, file);
    return stats !== undefined;
  } catch (error) {
    throw fileError(error, file, 'open');
  }
}

/** Whether nobody can tell where what is read comes from, even where a shell opened a file for it. */
function isStream(path: string, input: string): boolean {
  if (isStreamName(input) || isStreamName(path)) return true;
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

/** Whether one lies in the folder of the other or further down: where links lie, and where they lead. */
function mayBelong(configuration: string, input: string): boolean {
  const stats = statSync(input, { throwIfNoEntry: false });
  if (!stats) return false;
  const places = (path: string): string[] => [
    realpathSync(dirname(path)),
    dirname(realpathSync(path)),
  ];
  const own = places(configuration);
  if (stats.isDirectory() && own.some((folder) => isWithin(folder, realpathSync(input))))
    return true;
  const others = places(input);
  return own.some((one) =>
    others.some((other) => isWithin(other, one) || (!stats.isDirectory() && isWithin(one, other))),
  );
}

function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
