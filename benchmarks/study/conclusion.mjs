/** What the data of the study say, in sentences that follow from its numbers alone. */
import { baseline } from './design.mjs';

const level = 0.05;

/** @returns {string[]} sentences about at least one comparison in `pooled` */
export function conclusion({ pooled, control, leaveOneIn }) {
  const sentences = [];
  const apart = pooled.filter(({ pHolm }) => pHolm < level);
  const least = pooled.reduce((a, b) => (b.p < a.p ? b : a));
  sentences.push(
    `${apart.length === 0 ? 'No policy' : apart.map(({ policy }) => policy).join(', ')} differs measurably from ` +
      `${baseline} after correction for ${pooled.length} comparisons over ${least.n} pairs of runs; ` +
      `the smallest p-value before it is ${least.p.toFixed(3)} (${least.policy}, ${difference(least)}).`,
  );
  sentences.push(
    `The loss with experts by alpha (${control.policy}) differs from that with experts against alpha ` +
      `(${control.against}) by ${difference(control)}, p = ${control.p.toFixed(3)}: ` +
      `the control ${control.p < level && control.mean < 0 ? 'loses' : 'does not lose measurably'}.`,
  );
  for (const { model, blocks, spearman, p } of leaveOneIn.filter(
    ({ task }) => task === 'all tasks',
  )) {
    const related = p < level ? 'is related' : 'is not measurably related';
    sentences.push(
      `${model}: what two more experts bring in a block ${related} to the block's alpha ` +
        `(Spearman ${spearman.toFixed(2)} over ${blocks.length} blocks, p = ${p.toFixed(3)}).`,
    );
  }
  const reach = Math.max(...pooled.map(({ low, high }) => (high - low) / 2));
  sentences.push(
    `Differences below about ${reach.toFixed(0)} % of the loss are hidden by the differences between seeds.`,
  );
  return sentences;
}

/** In words: how much lower or higher, with the interval. */
function difference({ mean, low, high }) {
  return `${mean < 0 ? '' : '+'}${mean.toFixed(1)} %, 95 % interval ${low.toFixed(1)} to ${high.toFixed(1)}`;
}
