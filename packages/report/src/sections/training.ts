/** How a training run with these experts went: its losses as a sentence and a chart. */
import type { TrainingStep } from '@alphalora/contracts';
import { lossChart, movingAverage, validationLosses } from '../charts/loss.js';
import type { Facts } from '../facts.js';
import { count, decimal, whole } from '../format.js';
import { type Html, html } from '../html.js';

/** Nothing where no run was given. */
export function trainingSection({ training }: Facts): Html | undefined {
  if (!training || training.length === 0) return undefined;
  const validated = validationLosses(training).length > 0;
  return html`<section aria-labelledby="training"><h2 id="training">Training</h2>
<p>${sentences(training).join(' ')}</p>
<div class="charts"><figure>${lossChart(training)}<figcaption><span class="k fit">Moving average</span> of the loss; pale: every step${validated && '; dots: the validation split'}</figcaption></figure></div>
</section>`;
}

function sentences(steps: readonly TrainingStep[]): string[] {
  const smooth = movingAverage(steps);
  const [first, last] = [steps[0]!, steps.at(-1)!];
  const passes =
    last.epoch === undefined ? '' : `, ${decimal(last.epoch)} passes over the examples`;
  const validation = validationLosses(steps);
  const lowest = validation.reduce((a, b) => (b.loss < a.loss ? b : a), validation[0]!);
  return [
    `${count(steps.length, 'step')}${passes}: the loss went from ${decimal(smooth[0]!.loss)} ` +
      `(around step ${whole(first.step)}) to ${decimal(smooth.at(-1)!.loss)} (around step ${whole(last.step)}).`,
    ...(validation.length > 0
      ? [
          `On the validation split it was ${decimal(validation[0]!.loss)} first and ` +
            `${decimal(validation.at(-1)!.loss)} last; lowest ${decimal(lowest.loss)} after step ${whole(lowest.step)}.`,
        ]
      : []),
  ];
}
