/**
 * Paths that look like the name of a model on the hub: `org/name`, as transformers takes it, where no folder
 * is called so. The error says then how to get the model, which differs from command to command.
 */
import { dirname } from 'node:path';
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import { isNameOfWeights } from '../formats/names.js';
import { statIfPresent } from './file-kind.js';

const NAME = /^\w[\w.-]*\/\w[\w.-]*$/;

/**
 * Runs `open`; where it finds nothing at the path and the path is `org/name` or `hf://org/name`, the error
 * ends with advice.
 *
 * @param advice from `org/name` to what to do, e.g. `give hf://org/name`
 * @throws AlphaLoraError as `open` does
 */
export async function adviseOnHub<Result>(
  path: string,
  advice: (name: string) => string,
  open: () => Promise<Result>,
): Promise<Result> {
  try {
    return await open();
  } catch (error) {
    if (!isAlphaLoraError(error, 'NOT_FOUND') || error.details['file'] !== path) throw error;
    const name = await nameOnHub(path);
    if (name === undefined) throw error;
    throw new AlphaLoraError('NOT_FOUND', `${path} does not exist here; ${advice(name)}`, {
      details: error.details,
    });
  }
}

async function nameOnHub(path: string): Promise<string | undefined> {
  const [, addressed] = /^hf:\/\/([^/@]+\/[^/@]+)/.exec(path) ?? [];
  if (addressed !== undefined) return addressed;
  if (!NAME.test(path) || path.endsWith('.json') || isNameOfWeights(path)) return undefined;
  // Beside other files it is a misspelled path.
  const present = await Promise.all([path, dirname(path)].map(statIfPresent));
  return present.some((stats) => stats !== undefined) ? undefined : path;
}

/** Advice for what is read from disk alone. */
export function downloadFirst(name: string): string {
  return `if it is the name of one on the hub, download hf://${name} first: hf download ${name} --local-dir ${name}`;
}
