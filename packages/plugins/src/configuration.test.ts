import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from './configuration.js';

const root = temporaryFolder('configuration');

let folders = 0;

/** A new folder with these files. */
function folderWith(files: Record<string, string>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('readConfiguration', () => {
  const read = (name: string, text: string) =>
    readConfiguration(join(folderWith({ [name]: text }), name));

  it('takes scripts and JSON', async () => {
    const script = 'export default { policies: [{ name: "x" }, "./y.js"], set: { beta: 2 } };';
    expect(await read('a.mjs', script)).toEqual({
      policies: [{ name: 'x' }, './y.js'],
      extensions: {},
      set: { beta: 2 },
    });
    expect(await read('a.cjs', 'module.exports = { policy: "mola" };')).toEqual({
      policies: [],
      policy: 'mola',
      extensions: {},
    });
    expect(await read('a.json', '{"policies": ["y"]}')).toEqual({
      policies: ['y'],
      extensions: {},
    });
  });

  it.each([
    ['a.json', '{', /could not be read: /],
    ['a.json', '[]', /: it must be an object, not \[\]$/],
    ['a.json', '{"polices": []}', /: "polices" is none of policy, set, policies, estimators/],
    ['a.json', '{"policies": {}}', /: policies must be a list, not \{\}$/],
    ['a.json', '{"policies": ["a", 3]}', /: policies\[1\] must be an object, a path .*, not 3$/],
    ['a.json', '{"estimators": "a"}', /: estimators must be a list, not 'a'$/],
    ['a.json', '{"tasks": [null]}', /: tasks\[0\] must be an object, a path .*, not null$/],
    ['a.json', '{"policy": 3}', /: policy must be a name, a path or a package, not 3$/],
    ['a.json', '{"set": [1]}', /: set must be an object of plain data, not \[ 1 \]$/],
    ['a.mjs', 'export default { set: { f() {} } };', /: set must be an object of plain data/],
    ['a.mjs', 'export default { set: { n: 1n } };', /: set must be an object of plain data/],
    ['a.mjs', 'export const policy = "mola";', /has no default export; it exports policy$/],
    ['a.mjs', 'throw new Error("no");', /could not be loaded: no$/],
    ['a.mjs', 'export default () => ({});', /: it must be an object, not \[Function/],
  ])('%s with %s is an error that names the file', async (name, text, message) => {
    const reading = read(name, text);
    await expect(reading).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow(`configuration ${root}`);
  });
});
