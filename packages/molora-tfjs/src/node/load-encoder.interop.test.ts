/** Vectors of texts against transformers with pooling by hand, and against sentence-transformers where it is there. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { beforeAll, expect, it } from 'vitest';
import { embed } from '../encoder/embed.js';
import { useBackend } from '../test-support/backend.js';
import { loadEncoder } from './load-encoder.js';

const root = temporaryFolder('encoders');
const library = readFileSync(
  new URL('../test-support/embeddings.py', import.meta.url),
  'utf8',
).replace(/^if __name__[\s\S]*/m, '');
const texts = [
  'The cat sat on the mat.',
  '',
  'hellos, WÖRLD! 你好 Straße οδός',
  'a',
  'cats '.repeat(30),
  'é ü É Ü abc  def\tghi zzz',
];

beforeAll(() => useBackend('wasm'));

/** As sentence-transformers saves them: before version 6, and since. */
const pooling = (settings: object, ...further: string[]) => ({
  'modules.json': [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
    ...further.map((type, i) => ({ idx: 2 + i, name: '2', path: '2_Normalize', type })),
  ],
  '1_Pooling/config.json': { word_embedding_dimension: 24, ...settings },
  ...(further.length > 0 && { '2_Normalize/config.json': {} }),
});

interface Case {
  name: string;
  make: object;
  pooling?: 'mean' | 'cls';
  unit?: boolean;
  limit?: number;
  notes?: number;
}

const cases: Case[] = [
  { name: 'without the files of sentence-transformers', make: {}, notes: 1 },
  {
    name: 'the mean as unit vectors, cut at 12 tokens, part of another model',
    make: {
      masked: true,
      config: { hidden_act: 'gelu_new', layer_norm_eps: 1e-3 },
      files: {
        ...pooling({ pooling_mode_mean_tokens: true }, 'sentence_transformers.models.Normalize'),
        'sentence_bert_config.json': { max_seq_length: 12, do_lower_case: false },
      },
    },
    unit: true,
    limit: 12,
  },
  {
    name: 'the first token, from vocab.txt, with case',
    make: {
      vocabulary: true,
      config: { num_attention_heads: 2, type_vocab_size: 1 },
      tokenizer: { do_lower_case: false, model_max_length: 9 },
      files: pooling({ embedding_dimension: 24, pooling_mode: 'cls' }),
    },
    pooling: 'cls',
    limit: 9,
  },
  {
    name: 'without accents but with case, and ideographs as parts of words',
    make: {
      tokenizer: { do_lower_case: false, strip_accents: true, tokenize_chinese_chars: false },
      files: pooling({ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false }),
    },
    pooling: 'cls',
  },
];

const folderOf = ({ name }: Case): string => join(root, name.replaceAll(/\W+/g, '-'));

async function vectorsOf(each: Case): Promise<number[][]> {
  const notes: string[] = [];
  const model = await loadEncoder(folderOf(each), { onNote: (note) => notes.push(note) });
  const found = await embed(model, texts, { batchSize: 4 });
  model.dispose();
  expect(notes.length, notes.join()).toBe(each.notes ?? 0);
  return found.map(({ vector }) => [...vector]);
}

describeUnless(pythonLacks('transformers>=5', 'torch'), 'transformers', () => {
  const made = startPython<[folder: string, each: Case, texts: string[]], number[][]>(`${library}
def answer(question):
    folder, case, texts = question
    make(folder, case["make"])
    return embed(folder, texts, case.get("pooling", "mean"), case.get("unit", False), case.get("limit", 20))
`);
  it.each(cases)('gives the same vectors: $name', async (each) => {
    mkdirSync(folderOf(each), { recursive: true });
    const expected = await made([folderOf(each), each, texts]);
    expectClose(await vectorsOf(each), expected);
  });

  // Its requirements forbid the version of huggingface_hub that the other interop tests are pinned to.
  describeUnless(pythonLacks('sentence_transformers>=5'), 'sentence-transformers', () => {
    const sentences = startPython<[folder: string, texts: string[]], number[][]>(`${library}
def answer(question): return sentences(*question)
`);
    it.each(cases)('gives the same vectors: $name', async (each) => {
      expectClose(await vectorsOf(each), await sentences([folderOf(each), texts]));
    });
  });
});

function expectClose(found: readonly number[][], expected: readonly number[][]): void {
  expect(found.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (const [row, vector] of expected.entries())
    for (const [i, value] of vector.entries())
      expect(Math.abs(found[row]![i]! - value), `text ${row}, component ${i}`).toBeLessThan(2e-5);
}
