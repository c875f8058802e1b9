/** The loss of a training run by step: every step, their moving average, and validation losses. */
import type { TrainingStep } from '@alphalora/contracts';
import { meanLoss } from '@alphalora/contracts/numbers';
import { extent } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { decimal, whole } from '../format.js';
import { type Html, html, trusted } from '../html.js';
import { area, at, curve, linearTicks, path, plot } from './plot.js';

/** Points of a curve; a chart has no more places than that to show. */
const MOST_POINTS = 400;

export function lossChart(steps: readonly TrainingStep[]): Html {
  const smooth = movingAverage(steps);
  const validation = validationLosses(steps);
  const [low, high] = extent([...steps, ...validation].map(({ loss }) => loss)) as [number, number];
  const span = high > low ? high - low : 1;
  const first = steps[0]!.step;
  const last = Math.max(steps.at(-1)!.step, first + 1);
  const x = scaleLinear([first, last], [area.left, area.right]);
  const y = scaleLinear([low - 0.05 * span, high + 0.05 * span], [area.bottom, area.top]);
  const line = (points: ReadonlyArray<{ step: number; loss: number }>): string =>
    path(thinned(points).map(({ step, loss }) => [x(step), y(loss)]));
  return plot({
    label:
      `Training loss from ${decimal(smooth[0]!.loss)} at step ${whole(first)} to ` +
      `${decimal(smooth.at(-1)!.loss)} at step ${whole(steps.at(-1)!.step)}.`,
    x: { scale: x, ticks: linearTicks(first, last, 5), title: 'step' },
    y: { scale: y, ticks: linearTicks(low, high, 5), title: 'loss (nats)' },
    body: html`${curve('faint', line(steps))}${curve('fit', line(smooth))}${validation.map(({ step, loss }) => html`<circle class="measured" r="3" cx="${trusted(at(x(step)))}" cy="${trusted(at(y(loss)))}"/>`)}`,
  });
}

/** Each step with the mean over the targets of the steps around it, a fiftieth of the run to either side. */
export function movingAverage(
  steps: readonly TrainingStep[],
): Array<{ step: number; loss: number }> {
  const reach = Math.ceil(steps.length / 50);
  return steps.map(({ step }, i) => ({
    step,
    loss: meanLoss(steps.slice(Math.max(0, i - reach), i + reach + 1)),
  }));
}

/** Those that were measured on the validation split. */
export function validationLosses(
  steps: readonly TrainingStep[],
): Array<{ step: number; loss: number }> {
  return steps.flatMap(({ step, evaluation }) =>
    evaluation?.['loss'] === undefined ? [] : [{ step, loss: evaluation['loss'] }],
  );
}

/** Every so many, and the last. */
function thinned<Point>(points: readonly Point[]): Point[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}
