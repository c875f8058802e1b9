import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { allocationSchema, mostUnits } from './schemas.js';

it('are what the types say', () => {
  const script = fileURLToPath(new URL('../scripts/make-schemas.mjs', import.meta.url));
  const { stderr, status } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
}, 60_000);

it('bound units by the number that programs use', () => {
  expect(allocationSchema).toMatchObject({
    properties: { parameters: { properties: { rank: { maximum: mostUnits } } } },
  });
});
