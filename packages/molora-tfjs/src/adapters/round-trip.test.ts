/** What is written is read again, to the last bit, and lies where other programs look for it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialTensors } from '../experts/initial-tensors.js';
import { routers } from '../experts/routers/index.js';
import { joined, projection, sourcesOf, stateOf, tensorsIn } from '../test-support/adapters.js';
import type { AdaptedProjection, AdapterState } from './adapter-spec.js';
import { readAdapterFiles } from './read.js';
import { adapterFiles } from './write.js';

const q = 'model.layers.0.self_attn.q_proj';
const up = 'model.layers.1.mlp.up_proj';

const mixed = stateOf([
  projection({ ranks: [2], scalings: [8], topK: 1 }),
  projection({ name: up, block: 1, role: 'up_proj', inputs: 4, outputs: 5, ranks: [1, 3, 2] }),
]);

describe('adapter files', () => {
  it('have the names and layouts of PEFT and MoLA', () => {
    const stored = tensorsIn(adapterFiles(mixed).weights);
    const at = (name: string) => stored[`base_model.model.${name}`]!;
    expect(Object.keys(stored).sort()).toEqual(
      [
        ...[`${q}.lora_A.weight`, `${q}.lora_B.weight`, `${up}.router.router.weight`],
        ...[0, 1, 2].flatMap((e) => [`${up}.lora_A_${e}.weight`, `${up}.lora_B_${e}.weight`]),
      ]
        .map((name) => `base_model.model.${name}`)
        .sort(),
    );
    const [a, b, router] = ['lora_A', 'lora_B', 'router'].map(
      (suffix) => mixed.tensors[`${up}.${suffix}`]!.values,
    ) as [Float32Array, Float32Array, Float32Array];
    // Expert 1 has the packed ranks 1 to 3 of 6; expert 2 the ranks 4 and 5.
    expect(at(`${up}.lora_A_1.weight`).shape).toEqual([3, 4]);
    expect(at(`${up}.lora_A_1.weight`).values[2 * 4 + 1]).toBe(a[1 * 6 + 3]);
    expect(at(`${up}.lora_B_2.weight`).shape).toEqual([5, 2]);
    expect(at(`${up}.lora_B_2.weight`).values[3 * 2 + 1]).toBe(b[5 * 5 + 3]);
    expect(at(`${up}.router.router.weight`).shape).toEqual([3, 4]);
    expect(at(`${up}.router.router.weight`).values[2 * 4 + 1]).toBe(router[1 * 3 + 2]);
  });

  it('say all that is needed to read them again', async () => {
    const files = adapterFiles(mixed, { base: 'org/model' });
    expect(JSON.parse(files.config)).toMatchObject({
      peft_type: 'MOLORA',
      base_model_name_or_path: 'org/model',
      target_modules: [q, up],
      molora: { version: 1, ...mixed.spec },
    });
    expect(await readAdapterFiles(sourcesOf(files))).toEqual({ state: mixed, base: 'org/model' });
  });

  it('are the same bytes for the same adapter, in whatever order its tensors come', () => {
    const { spec, tensors } = mixed;
    const turned = { spec, tensors: Object.fromEntries(Object.entries(tensors).reverse()) };
    const [once, again] = [adapterFiles(mixed), adapterFiles(turned)];
    expect(joined(again.weights)).toEqual(joined(once.weights));
    expect(again.config).toBe(once.config);
  });

  it('keep further parameters of routers, and options', async () => {
    const { spec, tensors } = mixed;
    const options = { tasks: 3, temperature: 0.1, names: ['a', 'b'] };
    const state: AdapterState = {
      spec: { ...spec, router: { name: 'adaptive-shared', options }, dropout: 0 },
      tensors: {
        ...tensors,
        // One matrix a task in place of the one that MoLA has.
        [`${up}.router`]: { shape: [2, 4, 3], values: new Float32Array(24).map((_, i) => i) },
        [`${up}.router.temperature`]: { shape: [], values: Float32Array.of(0.5) },
        [`${up}.router.task.0`]: { shape: [2, 1], values: Float32Array.of(1, 2) },
      },
    };
    expect((await readAdapterFiles(sourcesOf(adapterFiles(state)))).state).toEqual(state);
  });

  it.each(routers.names())('keep what the router %s learns', async (name) => {
    const { projections } = mixed.spec;
    const options = name === 'adaptive-shared' ? { tasks: 2, shared: 1 } : {};
    const spec = { projections, router: { name, options }, dropout: 0 };
    const state = { spec, tensors: initialTensors(spec, 7) };
    expect((await readAdapterFiles(sourcesOf(adapterFiles(state)))).state).toEqual(state);
  });

  it('come back equal, whatever the shapes', async () => {
    const side = fc.integer({ min: 1, max: 5 });
    const scaling = fc.double({ noNaN: true, noDefaultInfinity: true });
    const shape = fc
      .record({
        inputs: side,
        outputs: side,
        block: fc.nat(40),
        experts: fc.array(fc.tuple(side, scaling), { minLength: 1, maxLength: 4 }),
        last: fc.constantFrom('q_proj', 'router', 'lora_A', '0', 'constructor', '__proto__'),
      })
      .chain(({ inputs, outputs, block, experts, last }) =>
        fc.integer({ min: 1, max: experts.length }).map(
          (topK): AdaptedProjection => ({
            name: `model.layers.${block}.${last}`,
            block,
            inputs,
            outputs,
            topK,
            ranks: experts.map(([rank]) => rank),
            // JSON has no negative zero.
            scalings: experts.map(([, scale]) => scale + 0),
          }),
        ),
      );
    const projections = fc.uniqueArray(shape, {
      minLength: 1,
      maxLength: 3,
      selector: ({ name }) => name,
    });
    await fc.assert(
      fc.asyncProperty(projections, fc.integer(), async (given, seed) => {
        const state = stateOf(given, seed);
        expect((await readAdapterFiles(sourcesOf(adapterFiles(state)))).state).toEqual(state);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('adapterFiles refuses', () => {
  const { spec, tensors } = mixed;
  const without = (name: string): AdapterState['tensors'] =>
    Object.fromEntries(Object.entries(tensors).filter(([key]) => key !== name));
  const a = tensors[`${q}.lora_A`]!;

  it.each<[string, AdapterState, string]>([
    ['no projection', { spec: { ...spec, projections: [] }, tensors: {} }, 'adapts no projection'],
    ['a missing factor', { spec, tensors: without(`${up}.lora_B`) }, 'up_proj.lora_B" is missing'],
    ['a missing router', { spec, tensors: without(`${up}.router`) }, '3 experts and no router'],
    [
      'a router of one expert',
      { spec, tensors: { ...tensors, [`${q}.router`]: { ...a, shape: [3, 2] } } },
      'has a router for one expert',
    ],
    ['a stranger', { spec, tensors: { ...tensors, x: a } }, '"x" belongs to none'],
    [
      'another shape',
      { spec, tensors: { ...tensors, [`${q}.lora_A`]: { ...a, shape: [2, 3] } } },
      'is [2,3], not [3,2]',
    ],
    [
      'values that do not fill the shape',
      { spec, tensors: { ...tensors, [`${q}.lora_A`]: { ...a, values: new Float32Array(5) } } },
      'of shape [3,2] has 5 values',
    ],
    [
      'NaN',
      {
        spec,
        tensors: { ...tensors, [`${q}.lora_A`]: { ...a, values: new Float32Array(6).fill(NaN) } },
      },
      'NaN or infinity',
    ],
    [
      'a name that stands for another tensor on disk',
      { spec, tensors: { ...tensors, [`${up}.router.router.weight`]: a } },
      'is reserved',
    ],
    [
      'a projection twice',
      { spec: { ...spec, projections: [spec.projections[0]!, spec.projections[0]!] }, tensors },
      'is there twice',
    ],
  ])('%s', (_, state, message) => {
    const act = (): unknown => adapterFiles(state);
    expect(act).toThrow(expect.objectContaining({ tag: 'alphalora', code: 'INVALID_OPTION' }));
    expect(act).toThrow(message);
  });
});
