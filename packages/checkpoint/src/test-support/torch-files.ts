/** Small files of torch.save and what they hold; made by `torch-files.py`. */
import { readFileSync } from 'node:fs';

export interface TorchSample {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly tensors: ReadonlyArray<{
    readonly name: string;
    readonly shape: readonly number[];
    readonly values: readonly number[];
  }>;
}

const stored = JSON.parse(
  readFileSync(new URL('./torch-files.json', import.meta.url), 'utf8'),
) as Record<string, Omit<TorchSample, 'bytes'> & { bytes: string }>;

export const torchFiles: ReadonlyMap<string, TorchSample> = new Map(
  Object.entries(stored).map(([name, { bytes, tensors }]) => [
    name,
    { bytes: Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)), tensors },
  ]),
);
