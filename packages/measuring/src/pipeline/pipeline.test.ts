/** The memory that is reserved for a matrix: what the engine may take of it, and no more. */
import { spectralUnits, weightFromValues } from '@alphalora/htsr-core';
import { memoryEstimate } from '@alphalora/spectra-wasm';
import { describe, expect, it } from 'vitest';
import { roomFor } from './pipeline.js';

describe('room for a matrix', () => {
  const values = new Float32Array(300 * 300);
  const [unit] = spectralUnits(weightFromValues({ name: 'w', shape: [300, 300], values }));
  const { matrices } = unit!;
  const estimate = (limit: number): number => memoryEstimate(matrices[0]!, 'auto', limit);
  const [least, most] = [estimate(0), estimate(Number.POSITIVE_INFINITY)];

  const reserved = async (memoryShare: number): Promise<number> => {
    let bytes = 0;
    const gate = {
      async acquire(wanted: number) {
        bytes = wanted;
        return () => undefined;
      },
    };
    await roomFor(unit!, {
      engine: 'wasm',
      precision: 'auto',
      metrics: [],
      memoryShare,
      gate,
      maxMemory: 8 * most,
    });
    return bytes;
  };

  it('includes solving it again without squaring where its part of the memory does', async () => {
    expect(most).toBeGreaterThan(least);
    expect(await reserved(most)).toBe(most);
    expect(await reserved(most - 1)).toBe(least);
    expect(await reserved(1)).toBe(least);
  });
});
