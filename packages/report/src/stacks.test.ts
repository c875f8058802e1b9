/** Models with several stacks of blocks: on the page and in the terminal, each apart. */
import type { Allocation, Analysis } from '@alphalora/contracts';
import { allocationOf, analysisOf, measuredRow } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { renderReport } from './render.js';
import { allocationText, analysisText } from './text/index.js';

const { block: _, ...fc } = measuredRow('visual.blocks.2.fc.weight', 9);
const hostile = 'visual.<b>blocks';
const tower: Analysis = {
  ...analysisOf(
    [
      measuredRow('model.layers.0.up.weight', 2),
      measuredRow('model.layers.1.up.weight', 3),
      { ...fc, stack: { name: hostile, block: 2 } },
    ],
    [{ alpha: 2 }, { alpha: 3 }],
  ),
  stacks: [{ name: hostile, reason: 'a reason', blocks: [{ index: 2, matrices: 1, alpha: 9 }] }],
};
tower.model.stack = 'model.layers';

const places = ['encoder.block', 'decoder.block'].map((name) => ({ name, block: 0 }));
const both: Analysis = analysisOf(
  [
    { ...measuredRow('encoder.block.0.q.weight', 2), stack: places[0]! },
    { ...measuredRow('decoder.block.0.q.weight', 3), block: 1, stack: places[1]! },
  ],
  [
    { alpha: 2, stack: places[0]! },
    { alpha: 3, stack: places[1]! },
  ],
);
const shared = allocationOf([2, 3]);
const halves: Allocation = {
  ...shared,
  blocks: shared.blocks.map((block, i) => ({ ...block, stack: places[i]! })),
};

describe('a page', () => {
  it('has the other stacks in a section of their own, with safe names', () => {
    const page = renderReport({ analysis: tower });
    expect(page).toMatch(/<h2 id="stacks">Other stacks<\/h2>/);
    expect(page).toContain(
      'visual.&lt;b&gt;blocks</code>: 1 block, alpha 9.00 on average (a reason)',
    );
    expect(page).not.toContain('<b>blocks');
    // The averages are those of the main one.
    expect(page).toContain('Alpha of the blocks goes from 2.00 (block 0) to 3.00 (block 1)');
    expect(renderReport({ analysis: both })).not.toContain('Other stacks');
  });

  it('is about the stack that an allocation is for', () => {
    const allocation = { ...allocationOf([1, 1, 3]), stack: hostile };
    const page = renderReport({ analysis: tower, allocation });
    expect(page).toContain('in a model of 3 blocks');
    expect(page).toContain('<code>model.layers</code>: 2 blocks, alpha 2.50 on average');
  });

  it('says which blocks are the encoder’s', () => {
    const page = renderReport({ analysis: both, allocation: halves });
    expect(page).toContain('from 2.00 (block encoder 0) to 3.00 (block decoder 0)');
    expect(page).toContain('<svg class="rows long"');
  });
});

describe('in the terminal', () => {
  it('each stack has its blocks', () => {
    const text = analysisText(tower);
    expect(text).toMatch(/2 blocks of model\.layers, 3 matrices measured/);
    expect(text).toMatch(
      /\nstack visual\.<b>blocks \(a reason\)\nblock +alpha +fc\n +2 +9\.000 +9\.000\n/,
    );
  });

  it('blocks of an encoder and its decoder are labelled', () => {
    expect(analysisText(both)).toMatch(/\nencoder 0 +2\.000 .*\ndecoder 0 +3\.000 /);
    expect(allocationText(halves)).toMatch(/\nencoder 0 .*\ndecoder 0 /);
  });
});
