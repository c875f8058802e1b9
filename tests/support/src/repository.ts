/** Where things lie in a checkout, and the data beside it that some tests compare with. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lack } from './lacking.js';

/** The root of the checkout. */
export const repository: string = fileURLToPath(new URL('../../../', import.meta.url));

/** A small language model, in the repository. */
export const demoModel: string = join(repository, 'examples/demo-model');

/** The built program. */
export const programFile: string = join(repository, 'apps/cli/dist/main.js');

/** A file or folder of the data beside the checkout: `shared('data/stories260K')`. */
export function shared(path: string): string {
  return join(repository, '../shared', path);
}

export function sharedLacks(path: string): Lack {
  return existsSync(shared(path)) ? undefined : `../shared/${path} is absent`;
}

export function sharedJson<T>(path: string): T {
  return JSON.parse(readFileSync(shared(path), 'utf8')) as T;
}
