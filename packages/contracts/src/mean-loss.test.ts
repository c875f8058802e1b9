import { expect, it } from 'vitest';
import { meanLoss } from './mean-loss.js';

const losses = [4.47, 5.53, 10.57, 4.47];
const targets = [1647, 184, 12, 311];
const steps = losses.map((loss, i) => ({ loss, targets: targets[i]! }));

it('counts a step by its targets', () => {
  // numpy.average([10.57, 4.47], weights=[12, 311]), and of all four
  expect(meanLoss(steps.slice(2))).toBeCloseTo(4.696625386996904, 12);
  expect(meanLoss(steps)).toBeCloseTo(4.594531104921077, 12);
});

it('counts steps alike where one has no number of targets', () => {
  expect(meanLoss([{ loss: 10, targets: 1 }, { loss: 4 }])).toBe(7);
  expect(meanLoss(losses.map((loss) => ({ loss })))).toBeCloseTo(6.26, 12);
  expect(meanLoss([])).toBeNaN();
});
