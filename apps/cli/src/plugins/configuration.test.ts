import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findConfiguration, readConfiguration } from './configuration.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'alphalora-configuration-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;

/** A new folder with these files. */
function folderWith(files: Record<string, string>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('findConfiguration', () => {
  it.each(['js', 'mjs', 'json'])('finds alphalora.config.%s in the folder itself', (extension) => {
    const name = `alphalora.config.${extension}`;
    const folder = folderWith({ [name]: '' });
    expect(findConfiguration({ folder })).toEqual({ file: join(folder, name) });
    mkdirSync(join(folder, 'inner'));
    expect(findConfiguration({ folder: join(folder, 'inner') })).toEqual({});
  });

  it('takes the named one, and refuses one that is not there', () => {
    const folder = folderWith({ 'alphalora.config.js': '', 'other.json': '' });
    expect(findConfiguration({ folder, config: 'other.json' })).toEqual({
      file: join(folder, 'other.json'),
    });
    expect(() => findConfiguration({ folder, config: 'gone.js' })).toThrow(
      `--config gone.js: there is no file ${join(folder, 'gone.js')}`,
    );
  });

  it('does not choose between two', () => {
    const folder = folderWith({ 'alphalora.config.js': '', 'alphalora.config.json': '' });
    expect(() => findConfiguration({ folder })).toThrow(
      'there are both alphalora.config.js and alphalora.config.json: choose one with --config',
    );
  });

  it('leaves one alone that came with the model, however it is reached', () => {
    const config = 'alphalora.config.js';
    const model = folderWith({ [config]: '', 'model.safetensors': '' });
    mkdirSync(join(model, 'inner'));
    writeFileSync(join(model, 'inner', config), '');
    const link = join(root, 'link');
    symlinkSync(model, link);
    const skipped = { skipped: config };
    for (const untrusted of [model, link, join(model, 'model.safetensors')]) {
      expect(findConfiguration({ folder: model, untrusted })).toEqual(skipped);
      expect(findConfiguration({ folder: link, untrusted })).toEqual(skipped);
      expect(findConfiguration({ folder: join(model, 'inner'), untrusted })).toEqual(skipped);
    }
    const file = join(model, config);
    expect(findConfiguration({ folder: model, untrusted: model, config })).toEqual({ file });
    // A link out of the model's folder does not make it trusted.
    const outside = folderWith({ 'elsewhere.js': '' });
    const linking = folderWith({});
    symlinkSync(join(outside, 'elsewhere.js'), join(linking, config));
    expect(findConfiguration({ folder: linking, untrusted: linking })).toEqual(skipped);
  });

  it('takes one beside or above the model', () => {
    const folder = folderWith({ 'alphalora.config.js': '' });
    mkdirSync(join(folder, 'model'));
    mkdirSync(join(root, `${folders}-model`));
    const file = join(folder, 'alphalora.config.js');
    const models = [join(folder, 'model'), join(root, `${folders}-model`), join(folder, 'gone')];
    for (const untrusted of models)
      expect(findConfiguration({ folder, untrusted })).toEqual({ file });
  });
});

describe('readConfiguration', () => {
  const read = (name: string, text: string) =>
    readConfiguration(join(folderWith({ [name]: text }), name));

  it('takes scripts and JSON', async () => {
    const script = 'export default { policies: [{ name: "x" }, "./y.js"], set: { beta: 2 } };';
    expect(await read('a.mjs', script)).toEqual({
      policies: [{ name: 'x' }, './y.js'],
      set: { beta: 2 },
    });
    expect(await read('a.cjs', 'module.exports = { policy: "mola" };')).toEqual({
      policies: [],
      policy: 'mola',
    });
    expect(await read('a.json', '{"policies": ["y"]}')).toEqual({ policies: ['y'] });
  });

  it.each([
    ['a.json', '{', /could not be read: /],
    ['a.json', '[]', /: it must be an object, not \[\]$/],
    ['a.json', '{"polices": []}', /: "polices" is none of policies, policy and set$/],
    ['a.json', '{"policies": {}}', /: policies must be a list, not \{\}$/],
    ['a.json', '{"policies": ["a", 3]}', /: policies\[1\] must be a policy, a path .*, not 3$/],
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
