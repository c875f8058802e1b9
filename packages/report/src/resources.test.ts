/** Pages and sentences of allocations of every resource, per block and per projection. */
import type { Allocation, Analysis, Resource } from '@alphalora/contracts';
import { parse } from 'parse5';
import { describe, expect, it } from 'vitest';
import { factsOf } from './facts.js';
import { findings } from './findings.js';
import { renderReport } from './render.js';
import { resourceOf } from './test-support/allocations.js';
import { analysisOf } from './test-support/documents.js';

const analysis = analysisOf({ blocks: 3, size: 120 });

function pageOf(allocation: Allocation, of: Analysis = analysis): string {
  const page = renderReport({ analysis: of, allocation });
  const errors: string[] = [];
  parse(page, { onParseError: ({ code }) => errors.push(code) });
  expect(errors).toEqual([]);
  return page;
}

/** All that is shown, in one line. */
const shown = (page: string): string =>
  page
    .replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

const units: Resource[] = [
  ...(['experts', 'rank', 'bits', 'sparsity', 'selection'] as const),
  ...(['learning-rate', 'weight-decay'] as const),
];
const cases = units.flatMap((unit) =>
  (['block', 'projection'] as const).map((per) => [unit, per] as const),
);

describe.each(cases)('a page of %s per %s', (unit, per) => {
  const page = pageOf(resourceOf(analysis, unit, per));
  const text = shown(page);

  it('has no hole in it', () => {
    expect(/undefined|NaN|Infinity|not finite/.exec(text)?.[0]).toBeUndefined();
    // Two of the blocks, three of each of the 21 matrices, and the hidden clipping path.
    expect(page.match(/<svg /g)).toHaveLength(2 + 3 * 21 + 1);
  });

  it('has a second map only where projections were decided one by one', () => {
    expect(page.match(/<table class="heat/g)).toHaveLength(per === 'projection' ? 2 : 1);
    expect(page.match(/<td class="g\d"/g)?.length ?? 0).toBeGreaterThanOrEqual(
      per === 'projection' ? 21 : 0,
    );
  });

  it('speaks of experts and of draws only where there are any', () => {
    if (unit !== 'experts') expect(text).not.toMatch(/experts? (?!Block)|router/);
    expect(text.includes('not tested by draws')).toBe(unit === 'experts' && per === 'block');
    expect(text).not.toContain('How stable');
  });
});

/** Blocks with the given alphas; of their matrices nothing is known. */
function small(alphas: readonly number[]): Analysis {
  return {
    schemaVersion: 1,
    kind: 'analysis',
    tool: { name: 'alphalora', version: '1.0.0' },
    model: { source: 'model', blocks: alphas.length },
    options: { estimator: 'ks', aggregate: 'mean', engine: 'wasm' },
    matrices: [],
    blocks: alphas.map((alpha, index) => ({ index, alpha, matrices: 1 })),
    timings: { seconds: 1 },
  };
}

function saysOf(allocation: Allocation): string {
  const facts = factsOf({ analysis: small(allocation.blocks.map(() => 3)), allocation });
  return findings(facts)
    .find(({ topic }) => topic === facts.allocation!.words.title)!
    .sentences.join(' ');
}

const base: Omit<Allocation, 'budget' | 'blocks'> = {
  schemaVersion: 1,
  kind: 'allocation',
  experts: [],
  topK: [],
  policy: { name: 'own', version: '1', options: {} },
};

describe('the sentences', () => {
  it('of ranks per block', () => {
    const blocks = [4, 16, 10].map((rank, index) => ({
      index,
      score: 3,
      experts: 1,
      topK: 1,
      rank,
    }));
    const allocation: Allocation = {
      ...base,
      blocks,
      experts: [1, 1, 1],
      topK: [1, 1, 1],
      budget: { unit: 'rank', measure: 'parameters', total: 4000 },
      policy: {
        name: 'alphalora',
        version: '1',
        options: { beta: 1 },
        rule: 'in proportion to alpha to the power of 1: the less trained a block is, the more it gets',
      },
      parameters: { rank: 16, trainable: 3960 },
    };
    expect(saysOf(allocation)).toBe(
      'LoRA ranks of 30 in all are shared out among 3 blocks in proportion to alpha to the power of ' +
        '1: the less trained a block is, the more it gets. Block 0 gets the lowest, 4; block 1 the ' +
        'highest, 16. An even share would be 10. Each projection of a block gets a LoRA of the rank ' +
        'of its block. That makes 3,960 trainable parameters; the budget allows 4,000.',
    );
  });

  it('of ranks that are as large as the matrices allow', () => {
    const blocks = [2, 16].map((rank, index) => ({
      index,
      score: 3,
      experts: 1,
      topK: 1,
      rank,
      ...(index === 0 && { cap: 2 }),
    }));
    const allocation: Allocation = {
      ...base,
      blocks,
      experts: [1, 1],
      topK: [1, 1],
      budget: { unit: 'rank', total: 18 },
    };
    expect(saysOf(allocation)).toContain(
      '1 block has the largest rank that the smaller side of a matrix allows.',
    );
  });

  it('of experts of a higher rank than their matrices can have', () => {
    const blocks = [{ index: 0, score: 3, experts: 5, topK: 2, rank: 64, share: 1 }];
    const projections = [64, 32, 32].map((outputs, i) => ({
      ...{ name: `h.0.${i}.weight`, block: 0, inputs: 64, outputs },
      ...{ experts: 5, topK: 2, rank: 64 },
    }));
    const allocation: Allocation = {
      ...base,
      ...{ blocks, projections, experts: [5], topK: [2] },
      budget: { unit: 'experts', total: 5 },
      parameters: { rank: 64, trainable: 1 },
    };
    expect(saysOf(allocation)).toContain(
      '2 matrices have a smaller side below the rank of an expert, 64, which gains nothing there.',
    );
  });

  it('of bits per projection, weighted by size', () => {
    const allocation: Allocation = {
      ...base,
      budget: { unit: 'bits', per: 'projection', measure: 'average', total: 4 },
      policy: {
        name: 'alphaq',
        version: '1',
        options: { gamma: 1 },
        rule: 'so that the expected error is smallest: the better trained a projection is, and the larger, the more it gets',
      },
      blocks: [0, 1].map((index) => ({ index, score: 3 })),
      projections: [
        { name: '0.q', block: 0, role: 'q', inputs: 10, outputs: 10, value: 8 },
        { name: '0.up', block: 0, role: 'up', inputs: 10, outputs: 30, value: 3 },
        { name: '1.q', block: 1, role: 'q', inputs: 10, outputs: 10, value: 4 },
        { name: '1.up', block: 1, role: 'up', inputs: 10, outputs: 30, value: 3 },
      ],
    };
    // Block 0: (100 * 8 + 300 * 3) / 400 = 4.25; block 1: (400 + 900) / 400 = 3.25.
    expect(saysOf(allocation)).toBe(
      'The weights are to be stored in 3.75 bits on average, shared out among 4 projections of 2 ' +
        'blocks so that the expected error is smallest: the better trained a projection is, and the ' +
        'larger, the more it gets. Block 0 up and block 1 up get the fewest, 3 each; block 0 q the most, 8. On average ' +
        'over a block, that makes from 3.25 (block 1) to 4.25 (block 0).',
    );
  });

  it('of blocks that share the lowest or the highest amount', () => {
    const experts = [11, 9, 10, 9, 11, 9, 10, 9, 10, 10, 11, 9];
    const allocation: Allocation = {
      ...base,
      budget: { unit: 'experts', total: 118 },
      policy: { name: 'own', version: '1', options: {} },
      blocks: experts.map((own, index) => ({
        ...{ index, score: 3, share: own / 118 },
        ...{ experts: own, topK: 2 },
      })),
      experts,
      topK: experts.map(() => 2),
    };
    expect(saysOf(allocation)).toContain(
      'Blocks 1, 3, 5 and 2 more get the fewest, 9 each; blocks 0, 4 and 10 the most, 11 each. ' +
        'An even share would be 9.8.',
    );
  });

  it('of sparsity per block', () => {
    const allocation: Allocation = {
      ...base,
      budget: { unit: 'sparsity', measure: 'average', total: 0.5 },
      policy: {
        name: 'alphapruning',
        version: '1',
        options: { eps: 0.3 },
        rule: 'linearly in alpha: the less trained a block is, the more it loses',
      },
      blocks: [0.625, 0.375].map((value, index) => ({ index, score: 3, value })),
    };
    expect(saysOf(allocation)).toBe(
      'Pruning is to remove 50.0 % of the weights, shared out among 2 blocks linearly in alpha: the ' +
        'less trained a block is, the more it loses. Block 1 loses the smallest part, 37.5 %; block ' +
        '0 the largest, 62.5 %.',
    );
    expect(saysOf({ ...allocation, notes: ['1 of 2 blocks is at the max of 1: block 0'] })).toMatch(
      /62\.5 %\. 1 of 2 blocks is at the max of 1: block 0\.$/,
    );
  });

  it.each([
    ['what the policy says', { rule: 'that grows with alpha' }, 'that grows with alpha'],
    ['the name of one that says nothing', {}, 'set by the policy “own”'],
    ['the name, made safe', { name: 'o\u202En' }, 'set by the policy “o\\u202en”'],
    ['what it says, made safe', { rule: 'by\n\u202Edepth' }, 'by\\n\\u202edepth'],
  ])('of factors have %s', (_, policy, rule) => {
    const allocation: Allocation = {
      ...base,
      budget: { unit: 'learning-rate' },
      policy: { name: 'own', version: '1', options: {}, ...policy },
      blocks: [0.5, 1.5].map((value, index) => ({ index, score: 3, value })),
    };
    expect(saysOf(allocation)).toBe(
      `The learning rate of each of 2 blocks is multiplied by a factor ${rule}. Block 0 gets the ` +
        'smallest factor, 0.50; block 1 the largest, 1.50.',
    );
  });

  it('of experts per projection', () => {
    const allocation: Allocation = {
      ...base,
      experts: [3, 5],
      topK: [2, 2],
      budget: { unit: 'experts', per: 'projection', total: 8 },
      policy: { name: 'uniform', version: '1', options: {}, rule: 'evenly, whatever their alpha' },
      blocks: [3, 5].map((experts, index) => ({
        index,
        score: 3,
        share: experts / 8,
        experts,
        topK: 2,
      })),
      projections: [1, 2, 2, 3].map((experts, i) => ({
        name: `${i >> 1}.${i % 2}`,
        block: i >> 1,
        role: i % 2 ? 'up' : 'q',
        inputs: 1,
        outputs: 1,
        experts,
        topK: Math.min(2, experts),
        rank: 8,
      })),
    };
    expect(saysOf(allocation)).toBe(
      '8 LoRA experts are shared out among 4 projections of 2 blocks evenly, whatever their alpha. ' +
        'Block 0 q gets the fewest, 1; block 1 up the most, 3. An even share would be 2. A whole ' +
        'block gets from 3 (block 0) to 5 (block 1). For each token the router selects up to 2 of a ' +
        "projection's experts.",
    );
  });

  it('of what is the same everywhere', () => {
    const even = (unit: Resource, value: number): string =>
      saysOf({
        ...base,
        budget: { unit },
        blocks: [0, 1].map((index) => ({ index, score: 3, value })),
      });
    expect(even('sparsity', 0.5)).toMatch(/ Every block gets a sparsity of 50\.0 %\.$/);
    expect(even('bits', 4)).toMatch(/ Every block gets 4 bits\.$/);
  });
});

describe('the second map', () => {
  it('has the amounts, their mean where several have one role, and the sums', () => {
    const allocation = resourceOf(analysis, 'rank', 'projection');
    const mixture = structuredClone(allocation);
    // Block 2 has ranks 8 to 14: q_proj 8 and k_proj 9.
    for (const projection of mixture.projections!) {
      if (projection.role === 'k_proj') projection.role = 'q_proj';
    }
    const page = pageOf(mixture);
    expect(page).toContain('title="Block 2 q_proj: rank 8.50, mean of 2 matrices">8.5</td>');
    expect(page).toContain('the cell is their mean');
    expect(page).toContain('title="Block 2 down_proj: rank 14">14</td>');
    expect(shown(page)).toMatch(/sum 21 49 77 /);
  });

  it('colours from the lowest to the highest', () => {
    const page = pageOf(resourceOf(analysis, 'rank', 'projection'));
    // Ranks from 0 to 14 in seven colours.
    expect(page).toContain('<td class="g0" title="Block 0 q_proj: rank 0">');
    expect(page).toContain('<td class="g3" title="Block 1 o_proj: rank 7">');
    expect(page).toContain('<td class="g6" title="Block 2 down_proj: rank 14">');
  });

  it('names what has no role by the end of its name', () => {
    const allocation = resourceOf(analysis, 'bits', 'projection');
    allocation.projections = allocation.projections!.map(({ role: _, ...rest }) => rest);
    expect(shown(pageOf(allocation))).toContain('self_attn.q_proj 2 3 4 ');
  });

  it('shows hostile names as text', () => {
    const allocation = resourceOf(analysis, 'rank', 'projection');
    for (const projection of allocation.projections!) projection.role = '"><img src=x>';
    const page = pageOf(allocation);
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img src=x&gt;');
  });
});

it('lists what each matrix gets, parts of a fused projection too', () => {
  const allocation = resourceOf(analysis, 'sparsity', 'projection');
  const fused = structuredClone(analysis);
  const part = fused.matrices.find(({ name }) => name.endsWith('0.self_attn.q_proj.weight'))!;
  part.name += '[q]';
  // The first of block 0 has 25 %.
  expect(shown(pageOf(allocation, fused))).toMatch(/q_proj .weight\[q\] 0 q_proj .{0,40} 25\.0 % /);
});

describe('the command', () => {
  const line = (allocation: Allocation): string =>
    /alphalora allocate analysis\.json (.*) -o allocation\.json/.exec(pageOf(allocation))![1]!;
  const policy = '--policy own';

  it.each<[string, Allocation['budget'], string]>([
    ['units', { unit: 'rank', total: 9, min: 1 }, `--unit rank --total 9 ${policy} --min 1`],
    [
      'parameters',
      { unit: 'rank', per: 'projection', measure: 'parameters', total: 1_000_000 },
      `--unit rank --per projection --parameters 1000000 ${policy}`,
    ],
    [
      'an average',
      { unit: 'sparsity', measure: 'average', total: 0.5, min: 0, max: 1 },
      `--unit sparsity --average 0.5 ${policy} --min 0 --max 1`,
    ],
    ['factors', { unit: 'weight-decay', min: 0 }, `--unit weight-decay ${policy} --min 0`],
  ])('names a budget in %s', (_, budget, command) => {
    expect(line({ ...resourceOf(analysis, budget.unit, budget.per), budget })).toBe(command);
  });

  it('names a policy of others by where it was loaded from', () => {
    const allocation = resourceOf(analysis, 'experts');
    const from = (path: string) =>
      line({ ...allocation, policy: { ...allocation.policy, from: path } });
    expect(from('alphalora-policy-own')).toBe('--total 1 --policy alphalora-policy-own');
    expect(from('./my own.mjs')).toBe('--total 1 --policy &#39;./my own.mjs&#39;');
  });

  it('names rank and top-k where they are not the usual ones', () => {
    const allocation = resourceOf(analysis, 'experts');
    const blocks = allocation.blocks.map((block) => ({ ...block, experts: 4, topK: 3 }));
    const lists = { experts: blocks.map(() => 4), topK: blocks.map(() => 3) };
    const projections = allocation.projections!.map((each) => ({ ...each, experts: 4, topK: 3 }));
    const parameters = { rank: 16, trainable: 1 };
    const other = { ...allocation, blocks, projections, ...lists, parameters };
    expect(line(other)).toBe(`--total 1 ${policy} --top-k 3 --rank 16`);
    expect(line(allocation)).toBe(`--total 1 ${policy}`);
  });
});
