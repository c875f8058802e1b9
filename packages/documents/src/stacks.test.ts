import { AlphaLoraError, type Analysis } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { compareAllocations } from './compare-allocations.js';
import { parseAnalysis } from './parse.js';
import { analysisFor, analysisOfStack, blockLabel, chosenStack, stackNames } from './stacks.js';
import { allocationOf, analysisOf, measuredRow } from './testing/small.js';
import { crossings, parseThreshold } from './thresholds.js';

/** A row in another stack than the main one. */
const beside = (name: string, stack: string, block: number, alpha: number) => {
  const { block: _, ...row } = measuredRow(`${stack}.${block}.${name}.weight`, alpha);
  return { ...row, stack: { name: stack, block } };
};

/** A text model of two blocks, and a tower of which only the last block is there. */
const visual: Analysis = {
  ...analysisOf(
    [
      measuredRow('model.layers.0.up.weight', 2),
      measuredRow('model.layers.1.up.weight', 3),
      beside('fc', 'visual.blocks', 2, 9),
      measuredRow('lm_head.weight', 4),
    ],
    [{ alpha: 2 }, { alpha: 3 }],
  ),
  stacks: [{ name: 'visual.blocks', blocks: [{ index: 2, matrices: 1, alpha: 9 }] }],
};
visual.model.stack = 'model.layers';

const place = (name: string, block: number) => ({ name, block });

/** An encoder of one block and a decoder of two. */
const both: Analysis = analysisOf(
  [
    { ...measuredRow('encoder.block.0.q.weight', 2), stack: place('encoder.block', 0) },
    { ...measuredRow('decoder.block.0.q.weight', 3), block: 1, stack: place('decoder.block', 0) },
    { ...measuredRow('decoder.block.1.q.weight', 4), block: 2, stack: place('decoder.block', 1) },
  ],
  [
    { alpha: 2, stack: place('encoder.block', 0) },
    { alpha: 3, stack: place('decoder.block', 0) },
    { alpha: 4, stack: place('decoder.block', 1) },
  ],
);

const refusal = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    return error instanceof AlphaLoraError ? `${error.code}: ${error.message}` : String(error);
  }
  return 'accepted';
};

describe('stacks of an analysis', () => {
  it('are those that it names', () => {
    expect(stackNames(visual)).toEqual({ main: ['model.layers'], others: ['visual.blocks'] });
    expect(stackNames(both)).toEqual({ main: ['encoder.block', 'decoder.block'], others: [] });
    expect(stackNames(analysisOf([], []))).toEqual({ main: [], others: [] });
  });

  it.each([
    ['visual.blocks', 'visual.blocks'],
    ['visual', 'visual.blocks'],
    ['isu', 'visual.blocks'],
    ['layers', 'model.layers'],
  ])('%s is %s', (text, name) => {
    expect(chosenStack(stackNames(visual), text)).toBe(name);
  });

  it('takes encoder and decoder for those of the main stack', () => {
    const names = {
      main: ['a.encoder.layers', 'a.decoder.layers'],
      others: ['vit.encoder.layers'],
    };
    expect(chosenStack(names, 'encoder')).toBe('a.encoder.layers');
    expect(chosenStack(names, 'vit')).toBe('vit.encoder.layers');
  });

  it('refuses what is none of them, or several, with the list', () => {
    const names = stackNames(visual);
    expect(refusal(() => chosenStack(names, 'audio'))).toBe(
      'NOT_FOUND: "audio" is no stack of blocks: choose one of model.layers, visual.blocks',
    );
    expect(refusal(() => chosenStack(names, 'l'))).toMatch(/^NOT_FOUND: "l" stands for 2 stacks/);
    expect(refusal(() => chosenStack({ main: [], others: [] }, 'x'))).toMatch(
      /no other than its main/,
    );
  });
});

describe('another stack as the main one', () => {
  it('has its own numbers, and none of the other', () => {
    const chosen = parseAnalysis(analysisOfStack(visual, 'visual'), 'a.json');
    expect(chosen.model).toMatchObject({ blocks: 3, stack: 'visual.blocks' });
    expect(chosen.blocks).toEqual([
      { index: 0, matrices: 0 },
      { index: 1, matrices: 0 },
      { index: 2, matrices: 1, alpha: 9 },
    ]);
    expect(chosen.matrices.map(({ block, stack }) => [block, stack])).toEqual([
      [undefined, place('model.layers', 0)],
      [undefined, place('model.layers', 1)],
      [2, undefined],
      [undefined, undefined],
    ]);
    expect(analysisOfStack(chosen, 'model.layers').blocks).toEqual(visual.blocks);
  });

  it('may be a half of an encoder-decoder', () => {
    const chosen = parseAnalysis(analysisOfStack(both, 'decoder'), 'a.json');
    expect(chosen.blocks).toEqual([
      { index: 0, matrices: 1, alpha: 3 },
      { index: 1, matrices: 1, alpha: 4 },
    ]);
    expect(chosen.stacks).toEqual([
      { name: 'encoder.block', blocks: [{ index: 0, matrices: 1, alpha: 2 }] },
    ]);
    expect(chosen.matrices.map(({ block }) => block)).toEqual([undefined, 0, 1]);
  });

  it('is the one that an allocation was made for', () => {
    expect(analysisFor(visual, { stack: 'visual.blocks' }).model.stack).toBe('visual.blocks');
    expect(analysisFor(visual, { stack: 'model.layers' })).toBe(visual);
    expect(analysisFor(visual, {})).toBe(visual);
  });
});

it('labels blocks', () => {
  expect(blockLabel({ index: 7 })).toBe('7');
  expect(blockLabel({ index: 7, stack: place('model.decoder.layers', 3) })).toBe('decoder 3');
  expect(blockLabel({ index: 7, stack: place('text_encoder.layers', 3) })).toBe('encoder 3');
});

it('crosses thresholds in each stack, by its name', () => {
  expect(crossings(visual, parseThreshold('block.alpha>8'))).toEqual([
    { name: 'block 2 of visual.blocks', value: 9 },
  ]);
});

it('compares no allocations for different stacks', () => {
  const one = allocationOf([2, 3]);
  expect(refusal(() => compareAllocations(one, { ...one, stack: 'visual.blocks' }))).toMatch(
    /INVALID_OPTION: a is an allocation for a model of one stack .* b one for visual\.blocks/,
  );
});

describe('a document is refused', () => {
  it.each<[string, (analysis: Analysis) => void, RegExp]>([
    ['for a row in no stack', (a) => void a.stacks!.pop(), /matrices\[2\]\.stack.* has no block 2/],
    [
      'for a stack twice',
      (a) => void a.stacks!.push({ name: 'visual.blocks', blocks: [] }),
      /stacks\[1\]\.name.* earlier stack/,
    ],
    [
      'for blocks out of order',
      (a) => void a.stacks![0]!.blocks.push({ index: 1, matrices: 0 }),
      /stacks\[0\]\.blocks\[1\]\.index.* is 1 and must be above 2/,
    ],
    [
      'for a row in another stack than its block',
      (a) => void Object.assign(a.matrices[0]!, { stack: { name: 'x', block: 0 } }),
      /matrices\[0\]\.stack.* another than that of block 0/,
    ],
  ])('%s', (_, change, message) => {
    const analysis = structuredClone(visual);
    change(analysis);
    expect(refusal(() => parseAnalysis(analysis, 'a.json'))).toMatch(message);
  });
});
