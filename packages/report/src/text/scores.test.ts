import { compareScores, type NamedScore } from '@alphalora/documents/comparison';
import { describe, expect, it } from 'vitest';
import { scoreComparisonText } from './scores.js';

/** Of as many blocks as there are values, of `q_proj` alone. */
function score(name: string, values: number[], source = `${name}.json`): NamedScore {
  return {
    ...{ name, source },
    blocks: values.map((value, block) => ({ block, score: value })),
    projections: values.map((value, block) => ({
      ...{ name: `h.${block}.q_proj.weight`, block, role: 'q_proj', score: value },
    })),
  };
}

describe('scores side by side', () => {
  const hill = score('hill', [1, 2, 3, 4, 5, 6]);
  // 1 - 6 sum d^2 / (n (n^2 - 1)) with d = 5, 1, 1, 1, 1, 1 of n = 6.
  const gradient = score('gradient', [6, 1, 2, 3, 4, 5], 'scores.json');

  it('have their correlations, the files that they are from, and the largest differences of ranks', () => {
    const text = scoreComparisonText(compareScores([hill, gradient]), { top: 1 });
    expect(text).toMatch(/^ +blocks +projections +q_proj\nvalues +6 +6 +6$/m);
    expect(text).toMatch(/^hill, gradient +0\.14 +0\.14 +0\.14$/m);
    expect(text).toContain('hill.json: hill\nscores.json: gradient\n');
    expect(text).toMatch(/^block +hill +gradient +difference\n +0 +6 +1 +5$/m);
    expect(text).toMatch(/^h\.0\.q_proj\.weight +6 +1 +5$/m);
    expect(text).not.toContain('h.1.q_proj');
    expect(text).not.toContain('fewer');
  });

  it('are marked where there are few values, or fewer of a pair', () => {
    const part = { ...gradient, projections: gradient.projections.slice(0, 4) };
    const whole = score('ks', [6, 5, 4, 3, 2, 1]);
    const text = scoreComparisonText(compareScores([hill, part, whole]), { top: 0 });
    // Ranks 1 2 3 4 against 4 1 2 3: d = 3, 1, 1, 1 of n = 4.
    expect(text).toMatch(/^hill, gradient +0\.14 +-0\.20\* \(4\) +-0\.20\* \(4\)$/m);
    expect(text).toMatch(/^hill, ks +-1\.00 +-1\.00 +-1\.00$/m);
    expect(text).toContain('* fewer than 5 values');
    expect(text).toContain('in brackets: the number of values');
    expect(text).not.toContain('where the scores disagree');
  });

  it('have no correlation where all values are equal', () => {
    const flat = score('flat', [2, 2, 2, 2, 2, 2]);
    const text = scoreComparisonText(compareScores([hill, flat]), { top: 0 });
    expect(text).toMatch(/^hill, flat +- +- +-$/m);
  });
});
