/** What the data of the study say, in sentences that follow from its numbers alone. */
import { baseline } from './design.mjs';
import { detectable } from './statistics.mjs';

const level = 0.05;

/** @returns {string[]} sentences about at least one comparison in `pooled` */
export function conclusion({ pooled, controls, leaveOneIn }) {
  const sentences = [];
  const apart = pooled.filter(({ pHolm }) => pHolm < level);
  const least = pooled.reduce((a, b) => (b.p < a.p ? b : a));
  sentences.push(
    `${apart.length === 0 ? 'No policy' : apart.map(({ policy }) => policy).join(', ')} differs measurably from ` +
      `${baseline} after correction for ${pooled.length} comparisons over ${least.n} pairs of runs; ` +
      `the smallest p-value before it is ${least.p.toFixed(3)} (${least.policy}, ${difference(least)}).`,
  );
  for (const test of controls) {
    sentences.push(
      `The loss with experts by alpha (${test.policy}) differs from that with experts against alpha ` +
        `(${test.against}) by ${difference(test)}, p = ${test.p.toFixed(3)} (corrected ${test.pHolm.toFixed(3)}), over ${test.n} pairs of ${test.of}: ` +
        `the control ${verdict(test)}.`,
    );
  }
  for (const { model, blocks, spearman, p } of leaveOneIn.filter(
    ({ task }) => task === 'all tasks',
  )) {
    const related = p < level ? 'is related' : 'is not measurably related';
    sentences.push(
      `${model}: what two more experts bring in a block ${related} to the block's alpha ` +
        `(Spearman ${spearman.toFixed(2)} over ${blocks.length} blocks, p = ${p.toFixed(3)}).`,
    );
  }
  const [least80, most80] = [Math.min, Math.max].map((of) => of(...pooled.map(detectable)));
  sentences.push(
    `A policy's true difference from ${baseline} must be ${least80.toFixed(0)} to ${most80.toFixed(0)} % of the loss, ` +
      `by policy, to be found with a probability of 80 %, before the correction.`,
  );
  return sentences;
}

/** In words: how much lower or higher, with the interval. */
function difference({ mean, low, high }) {
  return `${mean < 0 ? '' : '+'}${mean.toFixed(1)} %, 95 % interval ${low.toFixed(1)} to ${high.toFixed(1)}`;
}

function verdict({ pHolm, mean }) {
  if (pHolm >= level) return 'does not lose measurably';
  return mean < 0 ? 'loses' : 'wins';
}
