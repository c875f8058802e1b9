/** Where the files of a split lie in a folder. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { statIfPresent } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { Split, TrainingTask } from '@alphalora/contracts/extensions';
import {
  type FoundFiles,
  filesOfFolder,
  usualFiles,
  usualFilesText,
  usualFolders,
} from '../tasks/usual-files.js';

/**
 * The first layout that is there, below the folder or with the folder as a part of its path; else the
 * files of the usual names.
 *
 * @returns undefined where there are none
 * @throws AlphaLoraError `NOT_FOUND` where one of several parts is missing
 */
export async function filesOfSplit(
  task: TrainingTask,
  folder: string,
  split: Split,
): Promise<string[] | undefined> {
  for (const layout of task.files[split] ?? []) {
    for (let depth = 0; depth < layout[0]!.split('/').length; depth++) {
      const paths = layout.map((path) => join(folder, ...path.split('/').slice(depth)));
      const there = await Promise.all(paths.map(isFile));
      if (there.every(Boolean)) return paths;
    }
  }
  for (const place of [folder, join(folder, 'data')]) {
    const found = usualFiles(await namesIn(place), split);
    if (found) return complete(place, found);
    for (const name of usualFolders(split)) {
      const inside = filesOfFolder(await namesIn(join(place, name)));
      if (inside) return complete(join(place, name), inside);
    }
  }
  return undefined;
}

/**
 * Of several data sets in one folder, where that of a task lies: the folder itself where the files of one
 * of its own layouts lie below it by their whole paths, or the folder below it that has the name of the
 * task, in any spelling and also as glue-rte or glue/rte.
 *
 * @returns undefined where it has no such split
 */
export async function placeAmongOthers(
  task: TrainingTask,
  folder: string,
  split: Split,
): Promise<string | undefined> {
  for (const layout of task.files[split] ?? []) {
    const there = await Promise.all(layout.map((path) => isFile(join(folder, path))));
    if (there.every(Boolean)) return folder;
  }
  for (const place of [folder, join(folder, 'glue')]) {
    for (const name of await namesIn(place)) {
      const plain = name.toLowerCase().replace(/[-_]/g, '').replace(/^glue/, '');
      const own = join(place, name);
      if (plain === task.name.replaceAll('-', '') && (await filesOfSplit(task, own, split))) {
        return own;
      }
    }
  }
  return undefined;
}

/** As {@link filesOfSplit}. @throws AlphaLoraError `NOT_FOUND` where there are none */
export async function requireSplit(
  task: TrainingTask,
  folder: string,
  split: Split,
): Promise<string[]> {
  const files = await filesOfSplit(task, folder, split);
  if (files) return files;
  const layouts = task.files[split] ?? [];
  const wanted = [...layouts.map((layout) => layout.join(' and ')), usualFilesText(split)];
  const others: Split[] = [];
  for (const other of ['train', 'validation', 'test'] as const) {
    if (other !== split && (await filesOfSplit(task, folder, other))) others.push(other);
  }
  const there = others.length > 0 ? `; there is ${others.join(' and ')}` : '';
  throw new AlphaLoraError(
    'NOT_FOUND',
    `${folder}: no ${split} split of ${task.name} (looked for ${wanted.join(', or ')})${there}; give its folder or a file of examples`,
    { details: { file: folder } },
  );
}

function complete(folder: string, { files, missing }: FoundFiles): string[] {
  if (missing === 0) return files.map((name) => join(folder, name));
  throw new AlphaLoraError(
    'NOT_FOUND',
    `${folder}: ${missing} of the parts that belong to ${files[0]} are missing; download all of them`,
    { details: { file: folder } },
  );
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function isFile(path: string): Promise<boolean> {
  return (await statIfPresent(path))?.isFile() ?? false;
}
