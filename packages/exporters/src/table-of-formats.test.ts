import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { exporters } from './index.js';

it('lists every format with what it is for', async () => {
  const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const rows = text.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    return /^`[a-z-]+`$/.test(cells[1] ?? '') ? [cells.slice(1, 4)] : [];
  });
  const all = await Promise.all(exporters.names().map((name) => exporters.load(name)));
  expect(rows.filter(([name]) => name !== '`exporters`')).toEqual(
    all.map(({ name, kinds, units }) => [
      `\`${name}\``,
      kinds.join(', '),
      units?.join(', ') ?? 'anything',
    ]),
  );
});

it('has the name of its exporter for each', async () => {
  for (const name of exporters.names()) expect((await exporters.load(name)).name).toBe(name);
});
