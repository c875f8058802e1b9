/** What commands that run a language model have in common: its task and where it computes. */
import type { Command } from '@commander-js/extra-typings';
import { backendNames } from '../training/backends.js';
import { oneOf } from './common.js';
import { positive } from './parsers.js';

export const task = (command: Command) =>
  command
    .requiredOption(
      '--task <name>',
      'instructions (fields instruction, input, output), completions (prompt, completion), ' +
        'chat (messages or conversations), text (text), or a benchmark such as boolq; an unknown name lists all',
    )
    .requiredOption(
      '--data <path>',
      'a file of examples, or a folder with train, validation (valid, dev, val) and test as ' +
        ".jsonl, .json, .csv, .tsv or .txt, or with the task's own files",
    )
    .option('--limit <count>', 'only so many examples, from the start', positive)
    .option('--cutoff <tokens>', 'longer examples are cut', positive, 256);

export const backend = (command: Command) =>
  command.option(
    '--backend <name>',
    `${oneOf(backendNames)} (default: the fastest that is installed)`,
  );
