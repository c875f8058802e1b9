/**
 * Three tasks of GLUE (Wang et al., arXiv 1804.07461) as statements that are true or false: MRPC,
 * RTE, and CoLA with its Matthews correlation.
 */
import type { Example, TrainingTask } from '@alphalora/contracts/extensions';
import { statementExample } from './instructions.js';
import { inWords } from './mola.js';
import { type DataRecord, damaged, textOf } from './records.js';
import { defineTask } from './task.js';

export const mrpc: TrainingTask = defineTask({
  name: 'mrpc',
  summary: 'do two sentences of the news mean the same? accuracy, F1',
  files: { train: [['glue-mrpc/train.tsv']], validation: [['glue-mrpc/dev.tsv']] },
  // AlphaLoRA's records have words.
  positive: ['true', 'equivalent'],
  example: (record) =>
    statementExample(
      'do these two sentences have the same meaning?',
      `Sentence1: ${textOf(record, '#1 String')}\n\nSentence2: ${textOf(record, '#2 String')}`,
      oneOf(record, 'Quality', '1', '0'),
    ),
  mola: (record) =>
    worded(
      ['equivalent', 'not equivalent'],
      'Are these two sentences equivalent?',
      `Sentence 1: ${textOf(record, '#1 String')}\nSentence 2: ${textOf(record, '#2 String')}`,
      oneOf(record, 'Quality', '1', '0'),
    ),
});

export const cola: TrainingTask = defineTask({
  name: 'cola',
  summary: 'is a sentence acceptable English? Matthews correlation',
  files: {
    train: [['glue-cola/in_domain_train.tsv'], ['CoLA/train.tsv']],
    // GLUE's validation set is both.
    validation: [
      ['glue-cola/in_domain_dev.tsv', 'glue-cola/out_of_domain_dev.tsv'],
      ['CoLA/dev.tsv'],
    ],
  },
  columns: ['source', 'label', 'mark', 'sentence'],
  metric: 'matthews',
  example: (record) =>
    statementExample(
      'is this sentence acceptable English?',
      `Sentence: ${textOf(record, 'sentence')}`,
      oneOf(record, 'label', '1', '0'),
    ),
  mola: (record) =>
    worded(
      ['acceptable', 'unacceptable'],
      'Is this sentence acceptable English?',
      textOf(record, 'sentence'),
      oneOf(record, 'label', '1', '0'),
    ),
});

export const rte: TrainingTask = defineTask({
  name: 'rte',
  summary: 'does one text follow from another? accuracy',
  files: { train: [['glue-rte/train.tsv']], validation: [['glue-rte/dev.tsv']] },
  example: (record) =>
    statementExample(
      'does the second text follow from the first?',
      `Text1: ${textOf(record, 'sentence1')}\n\nText2: ${textOf(record, 'sentence2')}`,
      oneOf(record, 'label', 'entailment', 'not_entailment'),
    ),
  mola: (record) =>
    worded(
      ['entailment', 'not entailment'],
      'Does sentence 1 entail sentence 2?',
      `Sentence 1: ${textOf(record, 'sentence1')}\nSentence 2: ${textOf(record, 'sentence2')}`,
      oneOf(record, 'label', 'entailment', 'not_entailment'),
    ),
});

function worded(
  labels: readonly [yes: string, no: string],
  question: string,
  context: string,
  isSo: boolean,
): Example {
  return inWords(question, context, labels, labels[isSo ? 0 : 1]);
}

function oneOf(record: DataRecord, field: string, yes: string, no: string): boolean {
  const given = record.fields[field];
  // Parquet files of such a table have numbers.
  const value = typeof given === 'number' ? String(given) : textOf(record, field);
  if (value === yes || value === no) return value === yes;
  throw damaged(record.place, `${field} is ${JSON.stringify(value)}, not ${yes} or ${no}`);
}
