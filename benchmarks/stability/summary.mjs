/**
 * The tables of README.md from `results.json`, and the choice by its rule.
 *
 *   node benchmarks/stability/summary.mjs
 */
import { readFileSync } from 'node:fs';

const { planted, real } = JSON.parse(
  readFileSync(new URL('results.json', import.meta.url), 'utf8'),
);
const names = [...new Set(planted.map(({ candidate }) => candidate))];

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

/** The numbers that the rule looks at, of one half. */
export function figures(heldOut) {
  return names.map((name) => {
    const own = (runs) => runs.filter((run) => run.candidate === name && run.heldOut === heldOut);
    const [models, made] = [own(real), own(planted)];
    const of = (field) => median(made.map((run) => run[field]));
    const largest = (value) => Math.max(...models.map(value));
    return {
      name,
      error: of('error'),
      spearman: of('spearman'),
      replicate: of('replicate'),
      separation: of('separation'),
      moved: largest(({ noise, casts }) => Math.max(noise, casts)),
      leaveOneOut: largest((run) => run.leaveOneOut),
      smol: models.find(({ model }) => model.startsWith('SmolLM2')),
    };
  });
}

/** Ranks from 1 on; values that tie share the mean of theirs. */
function ranks(values) {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/** The held-out figures with what the rule says of each, the chosen one first. */
export function choice() {
  const all = figures(true);
  const eligible = all.filter(
    ({ spearman, separation, smol }) =>
      spearman >= 0.9 && separation >= 0.5 && separation <= 1.5 && smol.fromUniform >= 5,
  );
  const judged = ['error', 'replicate', 'moved', 'leaveOneOut'].map((field) =>
    ranks(eligible.map((row) => row[field])),
  );
  const sums = eligible.map((row, i) => ({
    ...row,
    ranks: judged.reduce((sum, list) => sum + list[i], 0),
  }));
  // Sorting is stable: ties stay in the order of the design.
  const ordered = sums.toSorted((a, b) => a.ranks - b.ranks);
  const rest = all.filter(({ name }) => !eligible.some((row) => row.name === name));
  return { ordered, rest };
}

function table(rows) {
  const head =
    '| candidate | error | Spearman | replicate | separation | noise, casts | leave one out | ranks |';
  const lines = rows.map((row) => {
    const numbers = [row.error, row.spearman, row.replicate, row.separation, row.moved];
    const cells = [...numbers.map((value) => value.toPrecision(3)), row.leaveOneOut.toFixed(2)];
    return `| \`${row.name}\` | ${cells.join(' | ')} | ${row.ranks ?? 'not eligible'} |`;
  });
  return [head, `|${' --- |'.repeat(8)}`, ...lines].join('\n');
}

if (import.meta.main ?? process.argv[1]?.endsWith('summary.mjs')) {
  const { ordered, rest } = choice();
  console.log(`Held out\n\n${table([...ordered, ...rest])}\n`);
  console.log(`To look at\n\n${table(figures(false).map((row) => ({ ...row, ranks: '' })))}\n`);
  console.log('SmolLM2-135M, 150 experts');
  for (const { candidate, experts, leaveOneOut } of real.filter(({ model }) =>
    model.startsWith('SmolLM2'),
  )) {
    const { noise, bfloat16, fromUniform } = experts;
    console.log(
      `${candidate}: leave one out ${leaveOneOut.toFixed(2)}, noise ${noise.toFixed(2)}, ` +
        `bfloat16 ${bfloat16.toFixed(2)}, from uniform ${fromUniform.toFixed(1)}`,
    );
  }
}
