import { seededRandom } from '@alphalora/contracts/numbers';
import { describe, expect, it } from 'vitest';
import { checkSampling, type SamplingOptions, sampleToken } from './sample.js';

const logits = Float32Array.from([0.5, 0.2, 0.05, 0.25], Math.log);

/** Share of each token in many draws. */
function shares(options: SamplingOptions): number[] {
  const random = seededRandom(1, 'shares');
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 20_000; i++) counts[sampleToken(logits, options, random)]!++;
  return counts.map((count) => count / 20_000);
}

describe('sampleToken', () => {
  it('takes the most likely at temperature 0, the first of equals', () => {
    expect(sampleToken(logits, {}, () => 0.99)).toBe(0);
    expect(sampleToken(Float32Array.of(1, 3, 3), { temperature: 0 }, () => 0.99)).toBe(1);
  });

  // Standard deviations of the shares are below 0.0036.
  it.each<[SamplingOptions, number[]]>([
    [{ temperature: 1 }, [0.5, 0.2, 0.05, 0.25]],
    // Squares and square roots of the probabilities, over their sums.
    [{ temperature: 0.5 }, [0.25, 0.04, 0.0025, 0.0625].map((p) => p / 0.355)],
    [{ temperature: 2 }, [0.5, 0.2, 0.05, 0.25].map((p) => Math.sqrt(p) / 1.8779)],
    [{ temperature: 1, topP: 0.7 }, [2 / 3, 0, 0, 1 / 3]],
    [{ temperature: 1, topP: 0.76 }, [0.5 / 0.95, 0.2 / 0.95, 0, 0.25 / 0.95]],
    [{ temperature: 1, topP: 0.1 }, [1, 0, 0, 0]],
  ])('draws with %j', (options, expected) => {
    for (const [token, share] of shares(options).entries())
      expect(Math.abs(share - expected[token]!)).toBeLessThan(0.015);
  });

  it('stays within the tokens at the ends of the generator', () => {
    for (const draw of [0, 1 - 2 ** -32])
      expect([0, 1, 2, 3]).toContain(sampleToken(logits, { temperature: 1 }, () => draw));
  });

  it('refuses what is out of range', () => {
    for (const wrong of [
      { temperature: -1 },
      { temperature: Number.NaN },
      { topP: 0 },
      { topP: 1.1 },
    ])
      expect(() => checkSampling(wrong)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
  });
});
