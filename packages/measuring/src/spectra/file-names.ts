/** Names of files for matrices: those of the matrices where any file system takes them. */
import { createHash } from 'node:crypto';

/** As long as leaves room for what is added, in the 255 bytes that file systems take. */
const LONGEST = 180;

/**
 * The name of a matrix with `.npy` behind it. Characters other than letters, digits, `.`, `_` and `-`
 * become `_`, and part of the name's SHA-256 tells names apart that would be one, in upper and lower
 * case, too. It depends on the names alone, so all shards of a model agree.
 *
 * @param names of all matrices of a model, each once
 * @returns file names by the names of the matrices, no two of them the same
 */
export function spectrumFiles(names: readonly string[]): Map<string, string> {
  const safe = names.map((name) =>
    name
      .replace(/[^A-Za-z0-9._-]/g, '_')
      .replace(/^[.-]|^$/, '_')
      .slice(0, LONGEST),
  );
  const counts = new Map<string, number>();
  for (const name of safe.map((one) => one.toLowerCase())) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return new Map(
    names.map((name, i) => {
      const own = safe[i]!;
      const isAlone = counts.get(own.toLowerCase()) === 1 && !/-[0-9a-f]{12}$/i.test(own);
      return [name, own === name && isAlone ? `${own}.npy` : `${own}-${digestOf(name)}.npy`];
    }),
  );
}

function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 12);
}
