import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { itUnless, posixLacks } from '@alphalora/testing/lacking';
import { describe, expect, it } from 'vitest';
import { findConfiguration } from './find-configuration.js';

const root = temporaryFolder('configuration');

let folders = 0;

/** A new folder with these files. */
function folderWith(files: Record<string, string>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('findConfiguration', () => {
  const config = 'alphalora.config.js';
  const project = { 'package.json': '{}' };

  it.each(['js', 'mjs', 'json'])('finds alphalora.config.%s in a project', (extension) => {
    const name = `alphalora.config.${extension}`;
    const folder = folderWith({ ...project, [name]: '' });
    expect(findConfiguration({ folder })).toEqual({ file: join(folder, name) });
    // Nobody else's: /tmp above a working folder belongs to all.
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'inner', 'package.json'), '{}');
    expect(findConfiguration({ folder: join(folder, 'inner') })).toEqual({});
  });

  it('leaves one alone in a folder that is no project', () => {
    const folder = folderWith({ [config]: '' });
    expect(findConfiguration({ folder })).toEqual({
      skipped: { name: config, why: 'lies in a folder without package.json, which is no project' },
    });
  });

  it('takes the named one, wherever, and refuses one that is not there', () => {
    const folder = folderWith({ [config]: '', 'other.json': '', 'a.json': '' });
    const inputs = [join(folder, 'a.json')];
    expect(findConfiguration({ folder, inputs, config: 'other.json' })).toEqual({
      file: join(folder, 'other.json'),
    });
    expect(() => findConfiguration({ folder, config: 'gone.js' })).toThrow(
      `--config gone.js: there is no file ${join(folder, 'gone.js')}`,
    );
  });

  it('does not choose between two', () => {
    const folder = folderWith({ ...project, [config]: '', 'alphalora.config.json': '' });
    expect(() => findConfiguration({ folder })).toThrow(
      'there are both alphalora.config.js and alphalora.config.json: choose one with --config',
    );
  });

  it('leaves one alone that may have come with a model or a document, however it is reached', () => {
    const folder = folderWith({ ...project, [config]: '', 'a.json': '{}', 'm.safetensors': '' });
    for (const name of ['results', 'work']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'results', 'a.json'), '{}');
    for (const [name, text] of Object.entries({ ...project, [config]: '' })) {
      writeFileSync(join(folder, 'work', name), text);
    }
    const link = join(root, 'link');
    symlinkSync(folder, link);
    const elsewhere = folderWith({});
    symlinkSync(join(folder, 'a.json'), join(elsewhere, 'linked.json'));
    const given = [
      ...[folder, link, '.', 'a.json', 'm.safetensors', join('results', 'a.json'), 'results'],
      ...[join(link, 'a.json'), join(elsewhere, 'linked.json')],
    ];
    for (const input of given) {
      for (const at of [folder, link]) {
        expect(findConfiguration({ folder: at, inputs: ['gone.json', input] }), input).toEqual({
          skipped: { name: config, why: `may have come with ${input}, as one lies by the other` },
        });
      }
    }
    // From a folder inside of what was downloaded.
    for (const input of ['..', join('..', 'a.json')]) {
      const found = findConfiguration({ folder: join(folder, 'work'), inputs: [input] });
      expect(found.skipped?.name, input).toBe(config);
    }
    // Two in there are no reason to stop, either.
    writeFileSync(join(folder, 'alphalora.config.json'), '');
    expect(findConfiguration({ folder, inputs: ['a.json'] }).skipped).toBeDefined();
  });

  it.each(['-', '/dev/stdin', '/dev/fd/63', '/proc/self/fd/0'])(
    'leaves one alone where what is read comes from %s',
    (input) => {
      const folder = folderWith({ ...project, [config]: '' });
      const from = input === '/dev/fd/63' ? input : 'stdin';
      expect(findConfiguration({ folder, inputs: ['gone.json', input] })).toEqual({
        skipped: {
          name: config,
          why: `may have come with what ${from} brings, from wherever that is`,
        },
      });
      expect(findConfiguration({ folder, inputs: [input], config })).toEqual({
        file: join(folder, config),
      });
    },
  );

  itUnless(posixLacks, 'leaves one alone where a named pipe is read', () => {
    const folder = folderWith({ ...project, [config]: '' });
    const pipe = join(folderWith({}), 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(findConfiguration({ folder, inputs: [pipe] }).skipped?.why).toContain(pipe);
  });

  it('leaves one alone that a link in the project takes from the folder of a document', () => {
    const outside = folderWith({ 'evil.js': '', 'a.json': '' });
    const folder = folderWith(project);
    symlinkSync(join(outside, 'evil.js'), join(folder, config));
    expect(findConfiguration({ folder, inputs: [join(outside, 'a.json')] }).file).toBeUndefined();
  });

  it('takes one of a project when what is read lies elsewhere, or on a hub', () => {
    const folder = folderWith({ ...project, [config]: '' });
    const beside = folderWith({ 'a.json': '' });
    const inputs = [join(beside, 'a.json'), beside, 'hf://org/name', join(folder, 'gone')];
    expect(findConfiguration({ folder, inputs })).toEqual({ file: join(folder, config) });
  });
});
