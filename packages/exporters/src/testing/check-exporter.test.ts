import type { Allocation, Analysis } from '@alphalora/contracts';
import type { Exported, Exporter } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { exporters } from '../registry.js';
import { checkExporter, describeExporter } from './check-exporter.js';

/** Of formats that hold something only with an option. */
const needed: Record<string, Record<string, unknown>> = { axolotl: { lr: 2e-5 } };

describe.each(exporters.names())('built-in exporter %s', async (name) => {
  describeExporter(await exporters.load(name), { describe, it }, needed[name]);
});

/** Every number of a document, a line each. */
const sound: Exporter = {
  name: 'sound',
  kinds: ['analysis', 'allocation'],
  export(document) {
    const numbers = JSON.stringify(document).match(/-?\d+(\.\d+)?/g) ?? [];
    return { files: `${numbers.join('\n')}\n`, notes: ['the numbers have no names'] };
  },
};

const exporting = (
  change: (exported: Exported, document: Analysis | Allocation) => object,
): Exporter => ({
  ...sound,
  export(document) {
    const exported = sound.export(document, {});
    return { ...exported, ...change(exported, document) };
  },
});

const filesOf = (files: Record<string, string>): Exporter =>
  exporting(({ files: text }) => ({ files: { 'numbers.txt': text, ...files } }));

let calls = 0;

/** Each with the one check that names its fault. */
const bad: ReadonlyArray<[fault: string, check: string, exporter: Exporter]> = [
  ['has a name of two words', 'shape', { ...sound, name: 'two words' }],
  ['is for nothing', 'shape', { ...sound, kinds: [] }],
  ['misspells a unit', 'shape', { ...sound, units: ['ranks' as 'rank'] }],
  ['has units of analyses', 'shape', { ...sound, kinds: ['analysis'], units: ['rank'] }],
  [
    'has an option without a default',
    'options',
    { ...sound, options: v.strictObject({ columns: v.number() }) },
  ],
  [
    'checks its options too late',
    'options',
    { ...sound, options: v.objectAsync({}) as unknown as v.GenericSchema },
  ],
  [
    'takes projections for granted',
    'refusals',
    exporting((_, document) => ({
      notes: [`there are ${(document as Allocation).projections!.length} projections`],
    })),
  ],
  [
    'claims what it refuses',
    'claims',
    {
      ...sound,
      export(document) {
        if (document.kind === 'allocation' && document.budget.unit === 'bits') {
          throw Object.assign(new Error('no bits'), { tag: 'alphalora', code: 'INVALID_OPTION' });
        }
        return sound.export(document, {});
      },
    },
  ],
  ['makes no file', 'answer', exporting(() => ({ files: {} }))],
  ['makes an empty file', 'answer', filesOf({ 'more.txt': '' })],
  ['has no notes', 'answer', exporting(() => ({ notes: undefined }))],
  [
    'sorts its input',
    'input unchanged',
    exporting((_, document) => {
      (document.blocks as object[]).reverse();
      return {};
    }),
  ],
  ['writes the time', 'determinism', exporting(() => ({ files: `${++calls}\n` }))],
  ['writes into another folder', 'file names', filesOf({ '../more.txt': '1\n' })],
  ['writes into a folder', 'file names', filesOf({ 'a/more.txt': '1\n' })],
  ['has a hidden file', 'file names', filesOf({ '.more': '1\n' })],
  ['has names that Windows takes for one', 'file names', filesOf({ 'Numbers.txt': '1\n' })],
  ['does not end its last line', 'texts', filesOf({ 'more.txt': '1' })],
  ['cuts a character in two', 'texts', filesOf({ 'more.txt': '\ud83d\n' })],
  ['notes a word', 'notes', exporting(() => ({ notes: ['lossy'] }))],
  ['notes two lines', 'notes', exporting(() => ({ notes: ['a line\nanother line'] }))],
  ['ends its notes as sentences', 'notes', exporting(() => ({ notes: ['The rank is lost.'] }))],
  ['forgets the numbers', 'content', exporting((_, { kind }) => ({ files: `an ${kind}\n` }))],
];

describe('a bad exporter', () => {
  it.each(bad)('that %s fails in "%s" alone', async (_, name, exporter) => {
    const failed = (await checkExporter(exporter)).filter(({ status }) => status === 'failed');
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]!.reason).toMatch(/\S/);
  });
});

it('passes a sound one in full', async () => {
  const checks = await checkExporter(sound);
  expect(checks.filter(({ status }) => status !== 'passed')).toEqual([]);
});
