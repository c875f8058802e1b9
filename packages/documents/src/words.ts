/** Amounts in the words of their resource: of one layer, and of an allocation as a whole. */
import type { Resource } from '@alphalora/contracts';
import type { AllocationSummary } from './amounts.js';
import { resources } from './resources.js';
import { formatSettings } from './settings.js';

/** An integer as it is, anything else with the decimals of its resource. */
export function amountText(amount: number | undefined, unit: Resource): string {
  if (amount === undefined || Number.isNaN(amount)) return '-';
  // Averages are sums of fractions, which miss an integer by rounding errors.
  const nearest = Math.round(amount);
  if (resources[unit].whole && Math.abs(amount - nearest) < 1e-9) return String(nearest);
  return amount.toFixed(resources[unit].decimals);
}

/** `40 experts in 8 blocks (alphalora, beta=2.5, largest-remainder), 586,240 trainable parameters` */
export function summaryText(summary: AllocationSummary): string {
  const { policy, budget, rounding, parameters } = summary;
  const rule = [
    policy.name,
    ...formatSettings(policy.options),
    ...(rounding ? [rounding] : []),
  ].join(', ');
  const rank = resources[budget.unit].routed && parameters ? ` at rank ${parameters.rank}` : '';
  const counted = budget.measure === 'parameters';
  const size = parameters && !counted ? `${counts(parameters.trainable)} trainable parameters` : '';
  const end = counted ? rank : `${size}${rank}`;
  return `${totalText(summary)} (${rule})${end && (counted ? end : `, ${end}`)}`;
}

/** What there is to allocate, before it is: `150 experts over 30 blocks` */
export function budgetText(
  {
    unit,
    measure = 'units',
    total,
  }: Pick<AllocationSummary['budget'], 'unit' | 'measure' | 'total'>,
  { blocks, projections }: Pick<AllocationSummary, 'blocks' | 'projections'>,
): string {
  const where = layersText(blocks, projections);
  if (total === undefined) return `factors of ${unit} for ${where}`;
  if (measure === 'parameters') {
    return `${resources[unit].plural} of at most ${counts(total)} trainable parameters over ${where}`;
  }
  if (unit === 'selection') {
    return measure === 'average' ? `a share of ${total} of ${where}` : `${total} of ${where}`;
  }
  const amount = amountText(total, unit);
  if (!resources[unit].counted)
    return `${measure === 'average' ? 'an average' : 'a total'} ${unit} of ${amount} over ${where}`;
  return `${measure === 'average' ? 'an average of ' : ''}${amount} ${unit} over ${where}`;
}

/** What there is in all, in the measure of the budget, and where it went. */
function totalText(summary: AllocationSummary): string {
  const { budget, amounts, parameters } = summary;
  const { unit, measure = 'units', total } = budget;
  if (unit === 'selection') return selectionText(summary);
  const { lowest, highest, average, sum } = amounts;
  const { projections, blocks } = summary;
  const where = placeText(summary);
  // Factors on a global value have nothing in all.
  if (!resources[unit].shared) {
    const [low, high] = [lowest, highest].map((amount) => amountText(amount, unit));
    return `factors of ${unit} from ${low} to ${high} in ${where}`;
  }
  if (measure === 'parameters') {
    const limit = total === undefined ? '' : ` of at most ${counts(total)}`;
    return `${counts(parameters?.trainable ?? 0)}${limit} trainable parameters, ${phrase(sum!, unit)} in ${where}`;
  }
  const made = measure === 'average' ? average : (sum ?? average * (projections ?? blocks));
  const text = amountText(made, unit);
  const limit =
    total === undefined || text === amountText(total, unit) ? '' : ` of at most ${total}`;
  const kind = measure === 'average' ? 'average ' : resources[unit].routed ? '' : 'total ';
  return `${kind}${phrase(made, unit)}${limit} in ${where}`;
}

/** `49 of 210 projections of 30 blocks selected, of a share of 0.25: 26,542,080 of 106,168,320 parameters` */
function selectionText(summary: AllocationSummary): string {
  const { budget, amounts, size } = summary;
  const { measure, total } = budget;
  const limit =
    total === undefined ? '' : measure === 'average' ? `, at a share of ${total}` : `, of ${total}`;
  const part = size ? `: ${counts(size.selected)} of ${counts(size.all)} parameters` : '';
  return `${amounts.sum} of ${placeText(summary)} selected${limit}${part}`;
}

function phrase(amount: number, unit: Resource): string {
  const text = amountText(amount, unit);
  return resources[unit].counted ? `${text} ${unit}` : `${unit} ${text}`;
}

function placeText({ blocks, projections, stack }: AllocationSummary): string {
  return layersText(blocks, projections) + (stack === undefined ? '' : ` of ${stack}`);
}

function layersText(blocks: number, projections: number | undefined): string {
  if (projections === undefined) return blockCount(blocks);
  return `${projections} projections of ${blockCount(blocks)}`;
}

function blockCount(blocks: number): string {
  return blocks === 1 ? '1 block' : `${blocks} blocks`;
}

function counts(value: number): string {
  return value.toLocaleString('en-US');
}
