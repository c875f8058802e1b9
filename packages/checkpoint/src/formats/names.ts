/**
 * Which files hold weights, by their names alone: in a listing, or at an address, before anything is
 * read. What a file is, its bytes say; see `read.ts`.
 */
import type { CheckpointFormat } from '@alphalora/contracts';
import { allFormats } from './index.js';

/** What names of weights end in, in the order of the formats: where there are several, the first counts. */
export function extensions(): readonly string[] {
  return allFormats().flatMap((format) => format.extensions);
}

/** The format that a name stands for, e.g. `safetensors` for `model.safetensors`. */
export function formatOfName(name: string): CheckpointFormat | undefined {
  return allFormats().find((format) => format.extensions.some((end) => name.endsWith(end)));
}

/** Whether a file of that name holds weights, or lists the files that hold them. */
export function isNameOfWeights(name: string): boolean {
  return formatOfName(name.replace(/\.index\.json$/, '')) !== undefined;
}

/** The file of weights called so in any of the formats, e.g. `model.safetensors` for `model`. */
export function weightsCalled(stem: string, names: readonly string[]): string | undefined {
  return extensions()
    .map((extension) => stem + extension)
    .find((name) => names.includes(name));
}

/** The endings in words, for messages: `.safetensors`, or one of several. */
export function anyExtension(): string {
  return extensions().join(' or ');
}
