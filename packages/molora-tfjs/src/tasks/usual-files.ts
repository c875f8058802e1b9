/**
 * The names that data sets give the files of their splits, as `datasets` of Hugging Face finds them:
 * `train.jsonl`, the shards `train-00000-of-00002.parquet`, or a folder `train`; there or in `data`.
 */
import type { Split } from '@alphalora/contracts/extensions';

const stems: Readonly<Record<Split, readonly string[]>> = {
  train: ['train'],
  validation: ['validation', 'valid', 'dev', 'val'],
  test: ['test'],
};

const endings = ['jsonl', 'json', 'csv', 'tsv', 'parquet', 'txt'];

export interface FoundFiles {
  /** In order. */
  files: string[];
  /** How many parts there should be beyond these. */
  missing: number;
}

/**
 * The files of a split among the names in a folder, in the order in which they are looked for.
 *
 * @returns undefined where there are none
 */
export function usualFiles(names: readonly string[], split: Split): FoundFiles | undefined {
  for (const stem of stems[split]) {
    for (const ending of endings) {
      if (names.includes(`${stem}.${ending}`)) {
        return { files: [`${stem}.${ending}`], missing: 0 };
      }
      const shards = shardsOf(names, stem, ending);
      if (shards) return shards;
    }
  }
  return undefined;
}

/** Names of folders that hold the files of a split, whatever these are called. */
export function usualFolders(split: Split): readonly string[] {
  return stems[split];
}

/** The data in a folder that holds one split: all files of the first ending that there is. */
export function filesOfFolder(names: readonly string[]): FoundFiles | undefined {
  for (const ending of endings) {
    const files = names.filter((name) => name.endsWith(`.${ending}`)).sort();
    if (files.length === 0) continue;
    const [, stem] = /^(.*)-\d{5}-of-\d{5}/.exec(files[0]!) ?? [];
    return (stem !== undefined && shardsOf(names, stem, ending)) || { files, missing: 0 };
  }
  return undefined;
}

/** `train-00000-of-00002.parquet`, also with a digest behind the numbers. */
function shardsOf(names: readonly string[], stem: string, ending: string): FoundFiles | undefined {
  const shard = /-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?$/;
  const found = names
    .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(`.${ending}`))
    .map((name) => ({ name, match: shard.exec(name.slice(stem.length, -ending.length - 1)) }))
    .filter(({ match }) => match?.index === 0)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (found.length === 0) return undefined;
  const parts = new Set(found.map(({ match }) => match![1]));
  const missing = Number(found[0]!.match![2]) - parts.size;
  return { files: found.map(({ name }) => name), missing: Math.max(0, missing) };
}

/** For messages. */
export function usualFilesText(split: Split): string {
  return `${stems[split].join(', ')} as ${endings.map((ending) => `.${ending}`).join(', ')}, in shards or as a folder`;
}
