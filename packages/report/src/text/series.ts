/** Analyses of one model over training for people: alpha by block and correlation traps by checkpoint. */
import { blockLabel, printableData } from '@alphalora/documents';
import { type AnalysisSeries, trapped, trapVerdictText } from '@alphalora/documents/comparison';
import { overlapText } from './comparison.js';
import { count, fixed, signed } from './numbers.js';
import { binned, commonScale, sparkline } from './spark.js';
import { type Column, left, table } from './table.js';
import type { Terminal } from './terminal.js';

/** Characters of a trend, where there are more checkpoints. */
const MOST_TREND = 24;

/**
 * @param options.order in words: how the checkpoints were put in order
 * @param options.top matrices with correlation traps to list
 */
export function seriesText(
  given: AnalysisSeries,
  { order, top }: { order: string; top: number },
  output: Terminal = {},
): string {
  const series = printableData(given);
  const { checkpoints, blocks } = series;
  const sections = [
    `${checkpoints.length} checkpoints, ${order}: ${checkpoints.map(({ name }) => name).join(', ')}\n`,
    ...(blocks.length > 0 ? [blockTable(series, output)] : []),
    ...checkpoints.flatMap(({ name, unmatched, failed }) =>
      unmatched.length + failed.length === 0
        ? []
        : [
            `${name}: ${unmatched.length} without a partner in the first, ${failed.length} failed\n`,
          ],
    ),
    trapText(series, top),
  ];
  const text = sections.join('\n');
  return output.hasColors?.() ? text.replace(/[▁-█][▁-█·↑↓]*/g, '\x1b[36m$&\x1b[39m') : text;
}

interface Line {
  label: string;
  alpha: ReadonlyArray<number | null>;
  change?: number | undefined;
  overlap?: boolean | undefined;
}

/** Every checkpoint has a column where they all fit on a line, and otherwise the first and the last. */
function blockTable({ checkpoints, blocks, mean }: AnalysisSeries, output: Terminal): string {
  const last = checkpoints.length - 1;
  const lines: Line[] = blocks.map((block) => ({ ...block, label: blockLabel(block) }));
  if (mean) {
    const { alpha } = mean;
    lines.push({ label: 'mean', alpha, change: alpha[last]! - alpha[0]! });
  }
  const scale = commonScale(lines.flatMap(({ alpha }) => alpha.filter((one) => one !== null))) ?? {
    low: 0,
    high: 0,
  };
  const trend = ({ alpha }: Line): string =>
    sparkline(
      binned(
        alpha.map((one) => one ?? undefined),
        MOST_TREND,
        scale,
      ),
      scale,
    );
  const intervals = lines.some(({ overlap }) => overlap !== undefined);
  const shown = (indices: readonly number[]): string =>
    table(
      [
        { title: 'block' },
        left('trend'),
        ...indices.map((i): Column => ({ title: checkpoints[i]!.name })),
        { title: 'change' },
        ...(intervals ? [left('95 % intervals')] : []),
      ],
      lines.map((line) => [
        line.label,
        trend(line),
        ...indices.map((i) => fixed(line.alpha[i] ?? undefined)),
        signed(line.change, 3),
        ...(intervals ? [overlapText(line.overlap)] : []),
      ]),
    );
  const full = shown([...checkpoints.keys()]);
  const fits = full.indexOf('\n') <= (output.columns ?? 120);
  const note =
    `trend: alpha from the first checkpoint to the last, all on one scale (${fixed(scale.low, 2)} to ` +
    `${fixed(scale.high, 2)}${intervals ? '); intervals: first and last' : ')'}\n`;
  const partial =
    mean && mean.blocks < blocks.length
      ? `mean: of the ${mean.blocks} blocks that have an alpha at every checkpoint\n`
      : '';
  return (fits ? full : shown([0, last])) + note + partial;
}

function trapText({ traps }: AnalysisSeries, top: number): string {
  if (!traps) {
    return 'correlation traps: not measured; analyze --metrics randomised (or all) measures them\n';
  }
  const { metric, model, unmeasured, incomplete } = traps;
  const found = trapped(traps);
  const head =
    `correlation traps (${metric}): ${trapVerdictText(model)}` +
    `${found.length > 0 ? `, in ${found.length} of ${traps.matrices.length} matrices` : ` (${count(traps.matrices.length, 'matrix', 'matrices')})`}\n`;
  const lines = found.slice(0, top).map((row) => {
    const counts = row.counts.map((count) => (count === null ? '-' : String(count))).join(' ');
    return [row.name, counts, trapVerdictText(row)];
  });
  const all = lines.length > 0 ? table([left('matrix'), left('traps'), left('')], lines) : '';
  const more = found.length > lines.length ? `and ${found.length - lines.length} more\n` : '';
  const notes = [
    ...(unmeasured.length > 0
      ? [`not measured at ${unmeasured.join(', ')}: analyze --metrics randomised (or all)\n`]
      : []),
    ...(incomplete.length > 0
      ? [`${incomplete.length} matrices are not known at every checkpoint, and not counted\n`]
      : []),
  ];
  return head + all + more + notes.join('');
}
