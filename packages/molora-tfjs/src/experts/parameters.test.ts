import { describe, expect, it } from 'vitest';
import type { AdaptedProjection, AdapterSpec } from '../adapters/adapter-spec.js';
import { parameterCount } from './parameters.js';

/** LLaMA-2-7B: 32 blocks, hidden size 4096, feed-forward size 11008. */
const shapes: Record<string, [inputs: number, outputs: number]> = {
  q_proj: [4096, 4096],
  k_proj: [4096, 4096],
  v_proj: [4096, 4096],
  o_proj: [4096, 4096],
  gate_proj: [4096, 11008],
  up_proj: [4096, 11008],
  down_proj: [11008, 4096],
};

function llama(experts: number, rank: number, router = 'top-k'): AdapterSpec {
  const projections = Array.from({ length: 32 }, (_, block) =>
    Object.entries(shapes).map(([role, [inputs, outputs]]): AdaptedProjection => {
      const ranks = Array.from({ length: experts }, () => rank);
      const name = `model.layers.${block}.${role}`;
      return { name, block, role, inputs, outputs, ranks, scalings: ranks, topK: 1 };
    }),
  ).flat();
  return { projections, router: { name: router, options: {} }, dropout: 0 };
}

describe('trainable parameters of LLaMA-2-7B, as published', () => {
  it.each([
    ['128 experts of rank 8', 4, 8, 84_508_672],
    ['160 experts of rank 8', 5, 8, 105_635_840],
    ['256 experts of rank 8', 8, 8, 169_017_344],
    ['plain LoRA of rank 64', 1, 64, 159_907_840],
  ])('%s', (_, experts, rank, published) => {
    expect(parameterCount(llama(experts, rank))).toBe(published);
  });

  it('an uneven allocation counts by its total', () => {
    const even = llama(5, 8);
    const uneven: AdapterSpec = {
      ...even,
      projections: even.projections.map((projection) => {
        const ranks = Array.from({ length: projection.block % 2 === 0 ? 2 : 8 }, () => 8);
        return { ...projection, ranks, scalings: ranks };
      }),
    };
    expect(parameterCount(uneven)).toBe(105_635_840);
  });

  it('where the experts are frozen, the gates are counted', () => {
    const projection = { ...llama(3, 8).projections[0]!, outputs: 10 };
    const spec = { ...llama(3, 8, 'mole'), projections: [projection] };
    // e has a part for each expert's 10 outputs and each logit, and there is one temperature.
    expect(parameterCount(spec)).toBe(3 * 10 * 3 + 1);
  });
});
