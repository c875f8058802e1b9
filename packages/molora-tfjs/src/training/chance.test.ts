import { describe, expect, it } from 'vitest';
import { chanceWarning } from './chance.js';

/** ln 512 */
const chance = 6.238;
const repeated = (loss: number, times: number): number[] => new Array<number>(times).fill(loss);

describe('a loss at chance', () => {
  it.each<[string, number[], RegExp | undefined]>([
    [
      'that a run came to',
      [1.2, 3, ...repeated(chance, 20)],
      /it began at 1\.200.*lower learning rate/,
    ],
    ['that a run went beyond', [1.2, ...repeated(9, 20)], /no lower than at chance/],
    ['that a short run came to', [1.2, 6.3], /lower learning rate/],
    ['that a run began with', repeated(chance, 30), /512 tokens are equally likely it is 6\.238$/],
    ['of one evaluation', [6.2], /no lower than at chance/],
    ['of few steps at the end', [...repeated(1.2, 30), 7], undefined],
    ['that a run left', [...repeated(chance, 30), ...repeated(4, 10)], undefined],
    ['of no steps', [], undefined],
  ])('%s', (_, losses, message) => {
    const warning = chanceWarning(
      losses.map((loss) => ({ loss })),
      512,
    );
    if (message) expect(warning).toMatch(message);
    else expect(warning).toBeUndefined();
  });

  it('is not that of a batch of few tokens', () => {
    // Without weights the last two are 7.52 on average, above ln 512; with them 4.70.
    const losses = [4.47, 5.53, 10.57, 4.47];
    const targets = [1647, 184, 12, 311];
    const steps = losses.map((loss, i) => ({ loss, targets: targets[i]! }));
    expect(chanceWarning(steps, 512)).toBeUndefined();
    const large = steps.map((step, i) => ({ ...step, targets: i === 2 ? 12_000 : step.targets }));
    expect(chanceWarning(large, 512)).toMatch(/^the loss of 10\.416 is no lower than at chance/);
  });
});
