/**
 * From the runs of the study to its tables and its page.
 *
 *     node benchmarks/study/summary.mjs [--runs mine.jsonl] [--page mine.html] [--json mine.json]
 *
 * Without options: the committed runs, study.html and summary.json. Of other runs, page and summary lie
 * beside them.
 *
 * Losses are compared in per cent of the loss of the uniform policy with the same seed, so that tasks
 * can be pooled; negative is better.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { conclusion } from './conclusion.mjs';
import { baseline, control, policies, settings } from './design.mjs';
import { renderPage } from './page.mjs';
import { analysisOf, modelFolder } from './run.mjs';
import {
  holm,
  meanWithInterval,
  permutationOfRanks,
  signFlipTest,
  spearman,
} from './statistics.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const { values } = parseArgs({
  options: { runs: { type: 'string' }, page: { type: 'string' }, json: { type: 'string' } },
});
const own = values.runs?.replace(/\.jsonl$/, '');
const options = {
  runs: values.runs ?? here('runs.jsonl'),
  page: values.page ?? (own ? `${own}.html` : here('study.html')),
  json: values.json ?? (own ? `${own}.json` : here('summary.json')),
};

const runs = (existsSync(options.runs) ? readFileSync(options.runs, 'utf8') : '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line));
const isDemo = ({ model }) => model === 'demo-model';
const pooled = againstBaseline();
const controls = withHolm(
  [
    { of: 'the demo model', among: isDemo },
    { of: 'the other models', among: (setting) => !isDemo(setting) },
  ]
    .map(({ of, among }) => ({
      of,
      ...control,
      ...pooledDifference(control.policy, control.against, among),
    }))
    .filter(({ n }) => n > 1),
);
if (pooled.length === 0 || controls[0]?.of !== 'the demo model') {
  console.error(
    `${options.runs} has no two pairs of runs of the demo model to compare yet: go on with study.mjs`,
  );
  process.exit(1);
}
const summary = {
  runs: runs.length,
  hours: sum(runs.map(({ seconds }) => seconds)) / 3600,
  settings: settings.map(settingSummary).filter(({ policies: rows }) => rows.length > 0),
  pooled,
  controls,
  leaveOneIn: await leaveOneIn(),
};
writeFileSync(options.json, `${JSON.stringify(summary, null, 2)}\n`);
writeFileSync(options.page, renderPage(summary));
process.stdout.write(tables(summary));

function compared({ model, task }) {
  return runs.filter((run) => run.part === 'compare' && run.model === model && run.task === task);
}

/** Pairs of runs with the same seed in which neither diverged: the policy's run and the base's. */
function pairs(of, policy, base) {
  const whole = of.filter(({ testLoss }) => testLoss !== null);
  return whole
    .filter((run) => run.policy === policy)
    .map((run) => [run, whole.find(({ policy: its, seed }) => its === base && seed === run.seed)])
    .filter(([, other]) => other);
}

/** In per cent of the base's loss; negative is better. */
function lossDifference([run, other]) {
  return 100 * (run.testLoss / other.testLoss - 1);
}

/** In percentage points of right answers; positive is better. */
function accuracyDifference([run, other]) {
  return 100 * (run.accuracy - other.accuracy);
}

function settingSummary(setting) {
  const of = compared(setting);
  const rows = Object.keys(policies).flatMap((policy) => {
    const own = of.filter((run) => run.policy === policy);
    if (own.length === 0) return [];
    const whole = own.filter(({ testLoss }) => testLoss !== null);
    return {
      policy,
      rate: own[0].rate,
      diverged: own.length - whole.length,
      experts: policy === 'random' ? undefined : own[0].experts,
      parameters: own[0].parameters,
      testLoss: meanWithInterval(whole.map(({ testLoss }) => testLoss)),
      ...(own[0].accuracy !== undefined && {
        accuracy: meanWithInterval(own.map(({ accuracy }) => accuracy)),
      }),
      difference: meanWithInterval(pairs(of, policy, baseline).map(lossDifference)),
      seconds: sum(own.map(({ seconds }) => seconds)) / own.length,
    };
  });
  const { model, task, steps, batchSize } = setting;
  return { model, task, steps, batchSize, policies: rows };
}

/** Every policy against the uniform one. */
function againstBaseline() {
  const rows = Object.keys(policies)
    .filter((policy) => policy !== baseline)
    .map((policy) => ({ policy, ...pooledDifference(policy, baseline) }))
    .filter(({ n }) => n > 1);
  return withHolm(rows);
}

function withHolm(rows) {
  const corrected = holm(rows.map(({ p }) => p));
  return rows.map((row, i) => ({ ...row, pHolm: corrected[i] }));
}

/** Over all tasks and seeds of a model: the demo model, which has the most, unless others are asked for. */
function pooledDifference(policy, base, among = isDemo) {
  const all = settings.filter(among).flatMap((setting) => pairs(compared(setting), policy, base));
  const losses = all.map(lossDifference);
  return {
    ...meanWithInterval(losses),
    ...(all.every(([run]) => run.accuracy !== undefined) && {
      accuracy: meanWithInterval(all.map(accuracyDifference)),
    }),
    p: signFlipTest(losses),
  };
}

/** What two more experts in one block bring: the loss without them less the loss with, in per cent. */
async function leaveOneIn() {
  const of = runs.filter(({ part }) => part === 'leave-one-in');
  const models = [...new Set(of.map(({ model }) => model))].filter((model) => modelFolder(model));
  const found = [];
  for (const model of models) {
    const { blocks } = await analysisOf(model);
    const alphas = blocks.map(({ alpha }) => alpha);
    const benefit = (task, block, seed) => {
      const loss = (at) =>
        of.find(
          (run) =>
            run.model === model && run.task === task && run.seed === seed && run.block === at,
        )?.testLoss;
      const [without, within] = [loss(-1), loss(block)];
      return without && within ? 100 * (1 - within / without) : undefined;
    };
    const tasks = [...new Set(of.map(({ task }) => task))];
    const seeds = [...new Set(of.map(({ seed }) => seed))];
    for (const chosen of [...tasks.map((task) => [task]), tasks]) {
      const rows = alphas.map((alpha, block) => ({
        block,
        alpha,
        benefit: meanWithInterval(
          chosen
            .flatMap((task) => seeds.map((seed) => benefit(task, block, seed)))
            .filter((value) => value !== undefined),
        ),
      }));
      const means = rows.map((row) => row.benefit.mean);
      found.push({
        model,
        task: chosen.length > 1 ? 'all tasks' : chosen[0],
        blocks: rows,
        spearman: spearman(alphas, means),
        p: permutationOfRanks(alphas, means),
      });
    }
  }
  return found;
}

function tables(summary) {
  const lines = [`${summary.runs} runs, ${summary.hours.toFixed(1)} hours of one core`, ''];
  lines.push(
    '### What the data say',
    '',
    ...conclusion(summary).map((sentence) => `- ${sentence}`),
    '',
  );
  const interval = ({ mean, low, high, n }, digits) =>
    n < 2
      ? `${mean.toFixed(digits)} (one run)`
      : `${mean.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
  for (const { model, task, policies: own } of summary.settings) {
    lines.push(`### ${model}, ${task}`, '');
    lines.push('| policy | rate | test loss | accuracy | against uniform, % | seconds |');
    lines.push('| --- | --- | --- | --- | --- | --- |');
    for (const row of own) {
      const { policy, rate, testLoss, accuracy, difference, seconds } = row;
      lines.push(
        `| ${policy} | ${rate} | ${interval(testLoss, 4)} | ${accuracy ? interval(accuracy, 3) : ''} | ` +
          `${policy === baseline ? '' : interval(difference, 2)} | ${seconds.toFixed(1)} |`,
      );
    }
    lines.push('');
  }
  lines.push(
    '### Pooled: against uniform over the tasks of the demo model, and by alpha against its inverse',
    '',
  );
  lines.push(
    '| policy | loss, % | accuracy, points | pairs | p | p, Holm |',
    '| --- | --- | --- | --- | --- | --- |',
  );
  const named = [
    ...summary.pooled.map((row) => [row.policy, row]),
    ...summary.controls.map((row) => [`${row.policy} against ${row.against}, ${row.of}`, row]),
  ];
  for (const [name, row] of named) {
    const accuracy = row.accuracy ? interval(row.accuracy, 1) : '';
    lines.push(
      `| ${name} | ${interval(row, 2)} | ${accuracy} | ${row.n} | ${row.p.toFixed(4)} | ${row.pHolm.toFixed(4)} |`,
    );
  }
  if (summary.leaveOneIn.length > 0)
    lines.push('', '### Alpha and the benefit of two more experts in one block', '');
  for (const { model, task, spearman: rho, p } of summary.leaveOneIn) {
    lines.push(`- ${model}, ${task}: Spearman ${rho.toFixed(2)}, p ${p.toFixed(3)}`);
  }
  return `${lines.join('\n')}\n`;
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
