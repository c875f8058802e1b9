/** Options and versions behind every number, and how to repeat them. */
import type { Allocation, Analysis } from '@alphalora/contracts';
import { defaultResource, formatSettings, resources } from '@alphalora/documents';
import type { Facts } from '../facts.js';
import { duration, whole } from '../format.js';
import { type Content, type Html, html } from '../html.js';

type Entry = readonly [name: string, value: Content];

export function provenanceSection({ analysis, allocation, tool }: Facts): Html {
  return html`<section aria-labelledby="made"><h2 id="made">How it was made</h2>
<div class="pair even">${table('Analysis', analysisEntries(analysis))}${allocation && table('Allocation', allocationEntries(allocation))}</div>
<h3>To repeat it</h3>
<p>The same version with the same weights and options finds the same numbers${analysis.model.digest && ', and the same digest says that the weights are the same'}.</p>
${analysis.tool.name === 'alphalora' && html`<pre tabindex="0" role="region" aria-label="Commands"><code>${commands(analysis, allocation)}</code></pre>`}
${tool && html`<p class="made">Page made by ${tool.name} ${tool.version}.</p>`}</section>`;
}

function analysisEntries({ tool, options, timings }: Analysis): Entry[] {
  return [
    ['program', `${tool.name} ${tool.version}`],
    ...Object.entries(options).map(([name, value]): Entry => [spaced(name), shown(value)]),
    ['time', duration(timings.seconds)],
  ];
}

function allocationEntries(allocation: Allocation): Entry[] {
  const { policy, budget, rounding, parameters, robustness } = allocation;
  const { unit, per = 'block' } = budget;
  const { counted, routed } = resources[unit];
  const [least, most] = counted ? ['fewest', 'most'] : ['least', 'most'];
  return [
    ['policy', `${policy.name} ${policy.version}`],
    ...Object.entries(policy.options).map(([name, value]): Entry => [spaced(name), shown(value)]),
    ['budget', budgetInWords(budget)],
    [`${least} per ${per}`, budget.min],
    [`${most} per ${per}`, budget.max],
    ['rounding', rounding && spaced(rounding)],
    ['rank', routed ? parameters?.rank : undefined],
    ['trainable parameters', parameters && whole(parameters.trainable)],
    ['draws', robustness && whole(robustness.draws)],
  ];
}

function budgetInWords({ unit, measure, total }: Allocation['budget']): string {
  const { units, fraction } = resources[unit];
  if (total === undefined) return `factors of ${unit.replace('-', ' ')}`;
  if (measure === 'parameters') return `${units} of ${whole(total)} trainable parameters`;
  if (measure === 'average') {
    return fraction ? `an average ${unit} of ${total}` : `${total} ${units} on average`;
  }
  return fraction ? `a total ${unit} of ${total}` : `${whole(total)} ${units}`;
}

function table(title: string, entries: readonly Entry[]): Html {
  return html`<table class="options"><caption>${title}</caption><tbody>${entries.map(([name, value]) => value !== undefined && html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}

/** `splitFused` and `fix-finger` as words. */
function spaced(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
}

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(shown).join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, part]) => `${spaced(name)} ${shown(part)}`)
    .join(', ');
}

/** The command line that makes the documents and this page again. */
function commands({ model, options }: Analysis, allocation: Allocation | undefined): string {
  const flags = Object.entries(options)
    .filter(([name]) => /^[a-z]+$/i.test(name))
    .flatMap(([name, value]) => flag(name, value));
  const adapter = model.adapter === undefined ? [] : ['--adapter', quoted(model.adapter)];
  const base = model.base === undefined ? [] : ['--base', quoted(model.base)];
  const analyze = [
    ...['alphalora analyze', quoted(model.source), ...adapter, ...base, ...flags],
    '-o analysis.json',
  ];
  if (!allocation) {
    return `${analyze.join(' ')}\nalphalora report analysis.json -o report.html`;
  }
  const { policy, budget, rounding } = allocation;
  const settings = formatSettings(policy.options).map((setting) => `--set ${quoted(setting)}`);
  const allocate = [
    'alphalora allocate analysis.json',
    ...budgetFlags(budget),
    `--policy ${quoted(policy.from ?? policy.name)}`,
    ...settings,
    ...(rounding ? [`--rounding ${rounding}`] : []),
    ...(budget.min === undefined ? [] : [`--min ${budget.min}`]),
    ...(budget.max === undefined ? [] : [`--max ${budget.max}`]),
    ...expertFlags(allocation),
    '-o allocation.json',
  ];
  const report = 'alphalora report analysis.json allocation.json -o report.html';
  return [analyze.join(' '), allocate.join(' '), report].join('\n');
}

/** What is the default is left out. */
function budgetFlags({
  unit,
  per = 'block',
  measure = 'units',
  total,
}: Allocation['budget']): string[] {
  const average = unit === 'selection' ? '--share' : '--average';
  const flags = { units: '--total', parameters: '--parameters', average } as const;
  return [
    ...(unit === defaultResource ? [] : [`--unit ${unit}`]),
    ...(per === resources[unit].per ? [] : [`--per ${per}`]),
    ...(total === undefined ? [] : [`${flags[measure]} ${total}`]),
  ];
}

/** Rank and top-k where they are not the usual 8 and 2, and can be told from the document. */
function expertFlags({ budget, blocks, projections, parameters }: Allocation): string[] {
  if (!resources[budget.unit].routed) return [];
  const layers = (budget.per === 'projection' && projections) || blocks;
  // Where all experts are selected, the limit may be anything above.
  const limited = layers.find(({ experts = 0, topK = 0 }) => experts > topK);
  return [
    ...(limited?.topK === undefined || limited.topK === 2 ? [] : [`--top-k ${limited.topK}`]),
    ...(parameters === undefined || parameters.rank === 8 ? [] : [`--rank ${parameters.rank}`]),
  ];
}

function flag(name: string, value: unknown): string[] {
  const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (value === false) return [];
  if (value === true) return [option];
  if (Array.isArray(value)) return [option, ...value.map((item) => quoted(String(item)))];
  if (typeof value !== 'object' || value === null) return [option, quoted(String(value))];
  return name === 'farms' ? farmsFlags(value as Record<string, unknown>) : [];
}

/** Windows are given by their two sides, and recorded as the shorter one and the ratio. */
function farmsFlags({ rows, ratio, windows, upright }: Record<string, unknown>): string[] {
  const sides = `${Number(rows)}x${Math.round(Number(rows) * Number(ratio))}`;
  return [
    ...['--farms-size', sides, '--farms-windows', String(Number(windows))],
    ...(upright === true ? ['--farms-upright'] : []),
  ];
}

/** A word for a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./:@=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
