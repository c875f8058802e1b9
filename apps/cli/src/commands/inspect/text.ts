/** The weights of a model for people: a row for those that differ in numbers only, then what they come to. */
import type { Checkpoint, WeightsPart, WeightsSummary } from '@alphalora/checkpoint';
import { defined } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import { blockLabel } from '@alphalora/documents';
import type { Forecast } from '@alphalora/measuring';
import { count, grouped, left, percent, shape, table, whole } from '@alphalora/report/text';
import { bytes } from '../../output/amounts.js';
import { summaryOfForecast } from '../../output/forecast.js';
import { printable } from '../../output/printable.js';

interface Inspection {
  architecture: string | undefined;
  adapterFormat: string | undefined;
  blocks: number;
  stacks: Checkpoint['stacks'];
  weights: readonly InspectedWeight[];
  summary: WeightsSummary;
  forecast: Forecast;
}

type InspectedWeight = WeightDescription & { analysed: boolean };

/** @param options.all whether each weight has a row of its own */
export function inspectionText(found: Inspection, { all }: { all: boolean }): string {
  const list = all ? weightRows(found.weights) : groupRows(found.weights);
  const stacks = found.stacks.length > 1 ? `${stacksText(found.stacks)}\n` : '';
  return `${list}\n${stacks}${summaryText(found)}\nanalyze: ${summaryOfForecast(found.forecast)}`;
}

function weightRows(weights: readonly InspectedWeight[]): string {
  const scheme = schemesOf(weights);
  const titles = [
    ...['weight', 'shape', 'dtype', ...scheme.title],
    ...['block', 'role', 'kind', 'analysed'],
  ];
  const rows = weights.map((weight) => [
    weight.name,
    shape(weight.shape),
    weight.dtype,
    ...scheme.cell(weight),
    blockText(weight),
    ...classified(weight),
  ]);
  return table(titles.map(left), rows);
}

function groupRows(weights: readonly InspectedWeight[]): string {
  const scheme = schemesOf(weights);
  const columns = [
    left('weights'),
    { title: 'count' },
    ...['shape', 'dtype', ...scheme.title, 'role', 'kind', 'analysed'].map(left),
  ];
  const kindOf = (weight: InspectedWeight): string[] => [
    shape(weight.shape),
    weight.dtype,
    ...scheme.cell(weight),
    ...classified(weight),
  ];
  const rows = grouped(weights, (weight) => kindOf(weight).join(' ')).map(({ name, items }) => [
    name,
    whole(items.length),
    ...kindOf(items[0]!),
  ]);
  return table(columns, rows);
}

/** A column for the schemes of quantized weights, where there are any. */
function schemesOf(weights: readonly InspectedWeight[]): {
  title: string[];
  cell: (weight: InspectedWeight) => string[];
} {
  if (!weights.some(({ quantization }) => quantization !== undefined)) {
    return { title: [], cell: () => [] };
  }
  return { title: ['quantization'], cell: ({ quantization }) => [quantization ?? '-'] };
}

function classified({ role, kind, analysed }: InspectedWeight): string[] {
  return [role ?? '-', kind, analysed ? 'yes' : 'no'];
}

/** In the main stack its number there; in another one the number within that, in brackets. */
function blockText({ block, stack }: WeightDescription): string {
  if (block !== undefined) return blockLabel({ index: block, ...defined({ stack }) });
  return stack ? `(${stack.block})` : '-';
}

function stacksText(stacks: Checkpoint['stacks']): string {
  const columns = [
    ...[
      left('stack'),
      { title: 'blocks' },
      { title: 'weights' },
      { title: 'parameters' },
      left(''),
    ],
  ];
  const rows = stacks.map(({ name, blocks, weights, parameters, main, reason = '' }) => [
    ...[name, String(blocks), whole(weights), whole(parameters), main ? 'main' : reason],
  ]);
  return table(columns, rows);
}

/** How many parameters there are, of which, and how they are stored. */
function summaryText({ architecture, adapterFormat, blocks, summary }: Inspection): string {
  const { parts, parameters, weights } = summary;
  const rows = [
    ['projections of blocks', parts.projections],
    ['embeddings and head', parts.embeddings],
    ['other', parts.other],
  ] as const;
  const columns = [
    left(''),
    { title: 'weights' },
    { title: 'parameters' },
    { title: '' },
    left(''),
  ];
  const cells = rows.map(([title, part]) => [
    title,
    whole(part.weights),
    whole(part.parameters),
    percent(parameters > 0 ? part.parameters / parameters : 0),
    typesText(part),
  ]);
  const model = printable(architecture ?? 'unknown architecture');
  const what =
    adapterFormat === undefined
      ? model
      : `LoRA adapter in the format of ${adapterFormat}, ${model}`;
  return (
    `${what}: ${count(blocks, 'block')}, ` +
    `${count(weights, 'weight')}, ${count(parameters, 'parameter')}, ${bytes(summary.bytes)}\n` +
    table(columns, cells)
  );
}

/** The types by their parameters, the most first. */
function typesText({ types }: WeightsPart): string {
  const sorted = Object.entries(types).sort(([, a], [, b]) => b - a);
  return sorted.map(([type]) => type).join('; ');
}
