/**
 * What a job may make a worker read: models on the hub, and files under the folders that whoever
 * started the worker has named. Paths are followed to their ends first, so that neither `..` nor a
 * link leads out.
 */
import { readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isNameOfWeights } from '@alphalora/checkpoint';
import { fileError } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';

/**
 * @param roots folders that jobs may read from
 * @returns the model as it is to be opened
 * @throws AlphaLoraError `INVALID_OPTION` for everything else; the message does not tell whether it
 *   exists. `NOT_FOUND` when it is allowed, but not there
 */
export async function allowedModel(model: string, roots: readonly string[]): Promise<string> {
  if (model.startsWith('hf://')) return model;
  if (!isAbsolute(model) || /^[a-z]+:\/\//i.test(model)) throw refused(model, roots);
  const lexical = roots.some((root) => isWithin(resolve(root), resolve(model)));
  if (!lexical) throw refused(model, roots);
  const ends = await Promise.all(roots.map((root) => followed(root)));
  const path = await followed(model);
  const names = (await stat(path)).isDirectory() ? await readdir(path) : [];
  const read = names.filter((name) => isNameOfWeights(name) || name.endsWith('.json'));
  const files = await Promise.all(read.map((name) => followed(join(path, name))));
  for (const file of [path, ...files])
    if (!ends.some((root) => isWithin(root, file))) throw refused(model, roots);
  return path;
}

async function followed(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (cause) {
    const error = fileError(cause, path, 'open');
    if (error.code !== 'NOT_FOUND') throw error;
    throw new AlphaLoraError('NOT_FOUND', `${path} does not exist on this machine`, { cause });
  }
}

function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function refused(model: string, roots: readonly string[]): AlphaLoraError {
  const allowed = roots.length > 0 ? roots.join(', ') : 'no folder; --root names those it may';
  return new AlphaLoraError(
    'INVALID_OPTION',
    `a worker may not read ${JSON.stringify(model)}; it may read hf:// and ${allowed}`,
  );
}
