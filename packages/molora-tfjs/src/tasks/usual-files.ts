/** The names that data sets give the files of their splits, as `datasets` of Hugging Face finds them. */
import type { Split } from '@alphalora/contracts/extensions';

const stems: Readonly<Record<Split, readonly string[]>> = {
  train: ['train'],
  validation: ['validation', 'valid', 'dev', 'val'],
  test: ['test'],
};

const endings = ['jsonl', 'json', 'csv', 'tsv', 'txt'];

/** In the order in which they are looked for. */
export function usualFiles(split: Split): string[] {
  return stems[split].flatMap((stem) => endings.map((ending) => `${stem}.${ending}`));
}

/** For messages. */
export function usualFilesText(split: Split): string {
  return `${stems[split].join(', ')} as ${endings.map((ending) => `.${ending}`).join(', ')}`;
}
