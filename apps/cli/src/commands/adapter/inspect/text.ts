/** A trained adapter for people: a row for each role, or for each update. */
import type { Adapter } from '@alphalora/checkpoint';
import type { DescribedUpdate } from '@alphalora/measuring/adapters';
import { count, left, shape, significant, table, whole } from '@alphalora/report/text';
import { printable } from '../../../output/printable.js';

interface InspectedAdapter extends Pick<Adapter, 'format' | 'base' | 'mixture'> {
  rslora: boolean;
  parameters: number;
  updates: readonly DescribedUpdate[];
  saved: ReadonlyArray<{ name: string; shape: readonly number[]; dtype: string }>;
}

/** @param options.all whether each update has a row of its own */
export function adapterText(adapter: InspectedAdapter, { all }: { all: boolean }): string {
  const { saved } = adapter;
  const rows = all ? updateRows(adapter) : roleRows(adapter);
  const whole = saved.map(({ name, shape: sides, dtype }) => [name, shape(sides), dtype]);
  const further =
    saved.length > 0 ? `\n${table(['saved whole', 'shape', 'dtype'].map(left), whole)}` : '';
  return `${headline(adapter)}\n${rows}${further}`;
}

function headline({
  format,
  base,
  mixture,
  rslora,
  parameters,
  updates,
}: InspectedAdapter): string {
  const modules = new Set(updates.map(({ module }) => module)).size;
  const types = [...new Set(updates.map(({ dtype }) => dtype))].join(', ');
  const experts = mixture
    ? `, ${count(updates.length, 'expert')} chosen by the router ${printable(mixture.router)}`
    : format === 'AlphaLoRA'
      ? ' with one expert each, without a router'
      : '';
  const parts = [
    `LoRA adapter in the format of ${format}`,
    ...(base === undefined ? [] : [` of ${printable(base)}`]),
    `: ${count(modules, 'module')}${experts}, ${count(parameters, 'parameter')}, ${types}`,
    ...(rslora ? [', scaled by alpha / sqrt(rank)'] : []),
  ];
  return `${parts.join('')}\n`;
}

function roleRows({ updates, mixture }: InspectedAdapter): string {
  const roles = new Map<string, DescribedUpdate[]>();
  for (const update of updates) {
    const role = update.role ?? '-';
    roles.set(role, [...(roles.get(role) ?? []), update]);
  }
  const columns = [
    left('role'),
    ...['modules', ...(mixture ? ['experts', 'top-k'] : []), 'rank', 'used rank', 'scale'].map(
      (title) => ({ title }),
    ),
    { title: 'norm' },
    { title: 'parameters' },
  ];
  const rows = [...roles].map(([role, all]) => {
    const modules = [...new Set(all.map(({ module }) => module))];
    const counts = modules.map((name) => all.filter(({ module }) => module === name).length);
    return [
      role,
      whole(modules.length),
      ...(mixture ? [range(counts), range(modules.map((name) => mixture.topK[name] ?? 1))] : []),
      range(all.map(({ rank }) => rank)),
      significant(mean(all.map(({ usedRank }) => usedRank))),
      range(all.map(({ scale }) => scale)),
      significant(mean(all.map(({ norm }) => norm))),
      whole(all.reduce((sum, { parameters }) => sum + parameters, 0)),
    ];
  });
  return table(columns, rows);
}

function updateRows({ updates, mixture }: InspectedAdapter): string {
  const columns = [
    left('module'),
    ...(mixture ? [{ title: 'expert' }] : []),
    ...['shape', 'rank', 'used rank', 'scale', 'norm', 'parameters'].map((title) => ({ title })),
  ];
  const rows = updates.map(
    ({ module, expert, inputs, outputs, rank, usedRank, scale, norm, parameters }) => [
      module,
      ...(mixture ? [String(expert ?? 0)] : []),
      shape([outputs, inputs]),
      whole(rank),
      significant(usedRank),
      significant(scale),
      significant(norm),
      whole(parameters),
    ],
  );
  return table(columns, rows);
}

function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const text = (value: number): string => significant(value);
  return least === most ? text(least) : `${text(least)} - ${text(most)}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
