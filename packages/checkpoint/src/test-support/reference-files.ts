/** Small files that other programs wrote, and what they say of them; made by the scripts beside. */
import { readFileSync } from 'node:fs';

interface ReferenceFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly tensors: ReadonlyArray<{
    readonly name: string;
    readonly shape: readonly number[];
    readonly values: readonly number[];
  }>;
}

/** By what they are. */
type ReferenceFiles = ReadonlyMap<string, ReferenceFile>;

/** Of torch.save. */
export const torchFiles: ReferenceFiles = referenceFiles('torch-files.json');
/** Of numpy.save and numpy.savez. */
export const numpyFiles: ReferenceFiles = referenceFiles('numpy-files.json');

function referenceFiles(file: string): ReferenceFiles {
  const stored = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Record<
    string,
    Omit<ReferenceFile, 'bytes'> & { bytes: string }
  >;
  return new Map(
    Object.entries(stored).map(([name, { bytes, tensors }]) => [
      name,
      { bytes: Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)), tensors },
    ]),
  );
}
