/** What every package owes its users, and what must not get into the repository. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeUnless } from '@alphalora/testing/lacking';
import { beforeAll, describe, expect, it } from 'vitest';
import { readManifest, root, workspacePackages } from './lib/workspace.js';

const packages = workspacePackages();
const rootManifest = readManifest('.');

describe.each(packages)('$manifest.name', ({ folder, manifest }) => {
  it('is ready to publish', () => {
    expect(manifest).toMatchObject({
      type: 'module',
      license: 'MIT',
      engines: rootManifest['engines'],
      description: expect.stringMatching(/\S{2}/),
      repository: { type: 'git', url: expect.any(String), directory: folder },
      keywords: expect.arrayContaining([expect.any(String)]),
      exports: expect.objectContaining({ './package.json': './package.json' }),
      files: expect.arrayContaining(['dist']),
      sideEffects: expect.any(Boolean),
      publishConfig: { access: 'public', provenance: true },
    });
    expect(manifest.private).toBeUndefined();
  });

  it('has a README that says how to install it', () => {
    const readme = readFileSync(join(root, folder, 'README.md'), 'utf8');
    expect(readme).toMatch(/^# /);
    expect(readme).toMatch(new RegExp(`(npm (install|i)|npx)[^\\n]* ${manifest.name}\\b`));
  });

  it('has types and sources behind each entry', () => {
    for (const target of Object.values(manifest.exports ?? {})) {
      if (typeof target === 'string') continue;
      expect(Object.keys(target)).toEqual(['@alphalora/source', 'types', 'default']);
      expect(existsSync(join(root, folder, target['@alphalora/source']!))).toBe(true);
    }
  });

  it('takes its neighbours from the workspace', () => {
    const names = packages.map((pkg) => pkg.manifest.name);
    const all = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const [name, range] of Object.entries(all))
      if (names.includes(name)) expect(range, name).toBe('workspace:^');
  });
});

describe('the workspace', () => {
  it('asks for one range of each library', () => {
    const ranges = new Map<string, Set<string>>();
    for (const { manifest } of [...packages, { manifest: rootManifest }]) {
      const all = { ...manifest.dependencies, ...manifest.devDependencies };
      for (const [name, range] of Object.entries(all))
        ranges.set(name, (ranges.get(name) ?? new Set()).add(range));
    }
    const split = [...ranges].filter(([, wanted]) => wanted.size > 1);
    expect(split.map(([name, wanted]) => [name, ...wanted])).toEqual([]);
  });

  it('names the actions of its workflows by commit: tags can be moved', () => {
    const folder = join(root, '.github', 'workflows');
    const uses = readdirSync(folder).flatMap((file) =>
      readFileSync(join(folder, file), 'utf8').match(/uses: .*/g),
    );
    expect(uses.length).toBeGreaterThan(3);
    // A workflow of this repository is the one of the same commit.
    const others = uses.filter((line) => !line?.startsWith('uses: ./'));
    for (const line of others) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('has a licence', () => {
    expect(readFileSync(join(root, 'LICENSE'), 'utf8')).toContain('MIT License');
  });
});

const cloneLacks = existsSync(join(root, '.git')) ? undefined : 'not a git clone';

describeUnless(cloneLacks, 'committed files', () => {
  let files: string[];
  beforeAll(() => {
    files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
      .split('\0')
      .filter((path) => path !== '' && existsSync(join(root, path)));
  });

  it('hold no path of one machine', () => {
    // Homes and work folders; in two parts each, so that this line does not find itself.
    const machinePath = new RegExp(
      String.raw`(?<![\w.~$}/-])(/ro${''}ot/|/ho${''}me/\w|/Use${''}rs/\w|/wo${''}rk/|[A-Z]:\\Use${''}rs)`,
    );
    const text = files.filter((path) => !/\.(safetensors|wasm)$/.test(path));
    const bad = text.filter((path) => machinePath.test(readFileSync(join(root, path), 'utf8')));
    expect(bad).toEqual([]);
  });

  it('hold no build output', () => {
    expect(files.filter((path) => /(^|\/)(dist|node_modules)\/|\.tsbuildinfo$/.test(path))).toEqual(
      [],
    );
  });
});
