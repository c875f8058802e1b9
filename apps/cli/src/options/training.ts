/** What commands that run a language model have in common: its task and where it computes. */
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { backendNames } from '../training/backends.js';
import { headings } from './help.js';
import { positive } from './parsers.js';

const taskFlags = '--task <name>';
const taskHelp =
  'use this task: instructions (fields instruction, input, output), completions (prompt, completion), ' +
  'chat (messages or conversations), text (text), or a benchmark such as boolq; an unknown name lists all';

/** One task. */
export const task = (command: Command) =>
  data(command.optionsGroup(headings.data).requiredOption(taskFlags, taskHelp));

/** One task, or the benchmarks of a suite. */
export const taskOrSuite = (command: Command) =>
  data(
    command
      .optionsGroup(headings.data)
      .option(taskFlags, taskHelp)
      .option(
        '--suite <name>',
        'score all benchmarks of a paper in place of a task: alphalora; each in a folder of its name in --data',
      ),
  );

/** @param command of any options before these */
const data = <Options extends OptionValues>(command: Command<[], Options>) =>
  command
    .addOption(
      new Option(
        '--wording <name>',
        'ask and answer as LLM-Adapters, or as the released code of MoLA and AlphaLoRA (default: llm-adapters)',
      ).choices(['llm-adapters', 'mola']),
    )
    .requiredOption(
      '--data <path>',
      'read this file of examples, or this folder with train, validation (valid, dev, val) and test as ' +
        ".jsonl, .json, .csv, .tsv, .parquet or .txt, in parts or as folders too, or with the task's own files",
    )
    .option('--limit <count>', 'read only this many examples, from the start', positive)
    .option('--cutoff <tokens>', 'cut longer examples', positive, 256);

export const backend = (command: Command) =>
  command
    .optionsGroup(headings.computing)
    .addOption(
      new Option(
        '--backend <name>',
        'compute with this backend of TensorFlow.js (default: the fastest that is installed)',
      ).choices(backendNames),
    );
