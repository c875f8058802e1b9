/** Whatever the files hold: an adapter, or a tagged error that says where; in time and in memory. */
import { serializeSafetensors } from '@alphalora/checkpoint';
import { type AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floats, joined, projection, sources, stateOf } from '../test-support/adapters.js';
import { countedWork } from '../test-support/counted-work.js';
import { readAdapterFiles } from './read.js';
import { adapterFiles } from './write.js';

const q = 'model.layers.0.self_attn.q_proj';
const on = (suffix: string): string => `base_model.model.${q}.${suffix}`;

const state = stateOf([projection({ ranks: [1, 2] })]);
const files = adapterFiles(state);
const weights = joined(files.weights);
const config: Record<string, unknown> = JSON.parse(files.config);
const section = config['molora'] as Record<string, unknown>;
const [only] = state.spec.projections;

const withSection = (change: object): object => ({ ...config, molora: { ...section, ...change } });
const withProjection = (change: object): object =>
  withSection({ projections: [{ ...only, ...change }] });

/** The tensors of the file with some taken out or put in. */
function rewritten(change: Record<string, [shape: number[], values: number[]] | undefined>) {
  const own: Record<string, [number[], number[]]> = {
    [on('lora_A_0.weight')]: [[1, 3], [1, 2, 3]],
    [on('lora_B_0.weight')]: [[2, 1], [1, 2]],
    [on('lora_A_1.weight')]: [[2, 3], [1, 2, 3, 4, 5, 6]],
    [on('lora_B_1.weight')]: [[2, 2], [1, 2, 3, 4]],
    [on('router.router.weight')]: [[2, 3], [1, 2, 3, 4, 5, 6]],
  }; // biome-ignore format: matrices
  const tensors = Object.entries({ ...own, ...change }).flatMap(([name, given]) =>
    given ? [floats(name, given[0], given[1])] : [],
  );
  return joined(serializeSafetensors({ tensors }));
}

async function refusal(bytes: Uint8Array, json: unknown): Promise<AlphaLoraError | undefined> {
  try {
    await readAdapterFiles(sources(bytes, json));
  } catch (error) {
    if (!isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT')) throw error;
    return error;
  }
  return undefined;
}

describe('hostile adapters', () => {
  it('reads the one that the others are made of', async () => {
    expect(await refusal(weights, config)).toBeUndefined();
    expect(await refusal(rewritten({}), config)).toBeUndefined();
  });

  it.each<[string, Uint8Array, unknown, string]>([
    ['a later version', weights, withSection({ version: 2 }), 'version 2 is newer'],
    ['a section that is no object', weights, { ...config, molora: 3 }, 'molora: '],
    ['an unknown field', weights, withSection({ extra: 1 }), 'extra'],
    ['no projections', weights, withSection({ projections: [] }), 'adapts no projection'],
    ['a claim of ranks', weights, withProjection({ ranks: [1, 2 ** 40] }), 'configuration says'],
    ['a claim of inputs', weights, withProjection({ inputs: 2 ** 50 }), 'configuration says'],
    [
      'a claim of experts',
      weights,
      withProjection({ ranks: Array(10_000).fill(1), scalings: Array(10_000).fill(1) }),
      'configuration says [1,3]',
    ],
    ['a longer list', weights, withProjection({ ranks: Array(10_001).fill(1) }), 'ranks'],
    ['rank 0', weights, withProjection({ ranks: [0, 2] }), 'projections.0.ranks.0'],
    ['half a rank', weights, withProjection({ ranks: [0.5, 2] }), 'projections.0.ranks.0'],
    ['fewer scalings', weights, withProjection({ scalings: [1] }), '2 ranks and 1 scalings'],
    ['NaN for a scaling', weights, withProjection({ scalings: [1, null] }), 'scalings.1'],
    ['too large a top-k', weights, withProjection({ topK: 3 }), 'selects 3 of 2 experts'],
    ['dropout of all', weights, withSection({ dropout: 1 }), 'dropout 1'],
    ['a projection twice', weights, withSection({ projections: [only, only] }), 'there twice'],
    ['a name without end', weights, withProjection({ name: 'x'.repeat(1e6) }), '1000 characters'],
    ['another module', weights, withProjection({ name: 'y' }), 'y.lora_A_0.weight" is missing'],
    ['a missing factor', rewritten({ [on('lora_B_1.weight')]: undefined }), config, 'missing'],
    ['no router', rewritten({ [on('router.router.weight')]: undefined }), config, 'no router'],
    ['a stranger', rewritten({ [on('bias')]: [[1], [1]] }), config, 'belongs to none'],
    ['a name without wrapper', rewritten({ x: [[1], [1]] }), config, 'no part of an adapter'],
    [
      'a router twice',
      rewritten({
        [on('router')]: [
          [3, 2],
          [1, 2, 3, 4, 5, 6],
        ],
      }),
      config,
      'there twice',
    ],
    [
      'a third expert',
      rewritten({
        [on('lora_A_2.weight')]: [
          [1, 3],
          [1, 2, 3],
        ],
      }),
      config,
      'belongs to none',
    ],
    [
      'NaN',
      rewritten({
        [on('lora_B_0.weight')]: [
          [2, 1],
          [1, NaN],
        ],
      }),
      config,
      'NaN or infinity',
    ],
    [
      'infinity in a router',
      rewritten({ [on('router.a')]: [[1], [-Infinity]] }),
      config,
      'NaN or infinity',
    ],
    [
      'integers',
      joined(
        serializeSafetensors({
          tensors: [{ ...floats(on('lora_A_0.weight'), [1, 3], [1, 2, 3]), dtype: 'I32' }],
        }),
      ),
      config,
      'type I32',
    ],
    ['half a file', weights.subarray(0, weights.length - 4), config, 'adapter_model.safetensors'],
    ['text in place of JSON', weights, '{"molora":', 'adapter_config.json'],
    ['a list', weights, '[]', 'not an object'],
    // As Python does: the last counts.
    ['the section twice', weights, '{"molora":1,"molora":2}', 'Expected Object but received 2'],
    ['experts without the section', weights, { peft_type: 'LORA' }, 'r has no rank for block 0'],
    ['no section at all', weights, {}, 'no peft_type'],
  ])('refuses %s', async (_, bytes, json, message) => {
    let error: AlphaLoraError | undefined;
    const work = await countedWork(async () => {
      error = await refusal(bytes, json);
    });
    expect(error?.message).toContain(message);
    expect(error!.message).toMatch(/^adapter\/adapter_(model\.safetensors|config\.json): /);
    expect(error!.message.length).toBeLessThan(1000);
    // Of the order of what was given, not of what it claims.
    expect(work).toBeLessThan(40 * (bytes.length + JSON.stringify(json).length));
  });

  it.each(['router.router.', 'x.'])('does not search names of %s without end', async (part) => {
    const work = (times: number) =>
      countedWork(async () => {
        const name = on(`${part.repeat(times)}z`);
        const error = await refusal(rewritten({ [name]: [[1], [1]] }), config);
        expect(error?.message).toContain('none');
      });
    expect((await work(400)) / (await work(200))).toBeLessThan(2.1);
  });

  it('takes work that grows with the configuration, however long', async () => {
    const work = (projections: number, ranks: number) =>
      countedWork(async () => {
        const many = Array.from({ length: projections }, (_, i) => {
          const ones = Array(ranks).fill(1);
          return { ...only, name: `${i}`, ranks: ones, scalings: ones };
        });
        const error = await refusal(weights, withSection({ projections: many }));
        expect(error?.message).toContain('is missing');
      });
    expect((await work(200, 30)) / (await work(100, 30))).toBeLessThan(2.1);
    expect((await work(50, 400)) / (await work(50, 200))).toBeLessThan(2.1);
  });

  it('survives any value anywhere in the section', async () => {
    const paths = [
      ...['version', 'projections', 'router', 'dropout'].map((key) => [key]),
      ...Object.keys(only!).map((key) => ['projections', 0, key]),
      ...[['projections', 0], ['ranks', 1], ['router', 'name'], ['router', 'options']],
    ]; // biome-ignore format: a table
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(0, -1, 1, 2, 3, 1e300, 2 ** 31, '', [], {}, [1, 2], q),
    );
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), value, async (path, given) => {
        const changed = structuredClone(section);
        let place = changed as Record<string | number, unknown>;
        for (const step of path.slice(0, -1)) {
          place = (place[step] ?? {}) as Record<string | number, unknown>;
        }
        place[path.at(-1)!] = given;
        if ((await refusal(weights, { ...config, molora: changed })) === undefined) accepted++;
      }),
      { seed: 1, numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(10);
  });

  it('survives damaged bytes', async () => {
    const header = 8 + Number(new DataView(weights.buffer).getBigUint64(0, true));
    const damage = fc.tuple(
      fc.oneof(fc.nat(header - 1), fc.nat(weights.length - 1)),
      fc.uint8Array({ minLength: 1, maxLength: 4 }),
      fc.boolean(),
    );
    await fc.assert(
      fc.asyncProperty(damage, async ([at, given, cut]) => {
        const bytes = weights.slice(0, cut ? at : undefined);
        bytes.set(given.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
        await refusal(bytes, config);
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it('survives damaged text', async () => {
    const text = files.config;
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), async (at, given) => {
        await refusal(weights, text.slice(0, at) + given + text.slice(at + 1));
      }),
      { seed: 3, numRuns: 2000 },
    );
  });
});
