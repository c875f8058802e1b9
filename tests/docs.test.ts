/** The pages under `docs` are true where a test can tell: packages, borders, links and paths. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mayImport } from './lib/borders.js';
import { root, workspacePackages } from './lib/workspace.js';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md')),
];
const read = (page: string): string => readFileSync(join(root, page), 'utf8');

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('links to what exists', () => {
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, to]) => to!);
    expect(targets.filter((to) => !existsSync(join(root, dirname(page), to)))).toEqual([]);
  });

  it('names files that exist', () => {
    const [present] = text.split('\n## Planned\n');
    const paths = [...present!.matchAll(/`((?:apps|packages|tests|docs|scripts)\/[\w./-]+)`/g)];
    expect(paths.map(([, path]) => path!).filter((path) => !existsSync(join(root, path)))).toEqual(
      [],
    );
  });
});

describe('docs/architecture.md', () => {
  const [text] = read('docs/architecture.md').split('\n## Planned\n');

  it('lists every package, and no other', () => {
    const [, tree] = text!.split('```');
    const listed = [...tree!.matchAll(/^ {2}([\w-]+)\/ /gm)].map(([, name]) => name!);
    const folders = workspacePackages().map(({ folder }) => folder.split('/')[1]!);
    expect(listed.toSorted()).toEqual(folders.toSorted());
  });

  it('shows the table of who may import whom', () => {
    const borders = text!.split('\n## Borders\n')[1]!.split('\n## ')[0]!;
    const rows = [...borders.matchAll(/^\| `([\w-]+)` *\| (.*?) *\|$/gm)].map(([, name, cell]) => [
      name!,
      cell === 'all' ? 'all' : [...cell!.matchAll(/`([\w-]+)`/g)].map(([, other]) => other!),
    ]);
    const table = Object.entries(mayImport).map(([folder, allowed]) => [
      folder.split('/')[1]!,
      allowed === 'all' ? 'all' : allowed.map((name) => name.split('/')[1]!),
    ]);
    const sorted = (entries: (typeof rows)[number][]): unknown =>
      Object.fromEntries(
        entries.map(([name, others]) => [name, Array.isArray(others) ? others.toSorted() : others]),
      );
    expect(sorted(rows)).toEqual(sorted(table));
  });

  it('links each decision record from their list', () => {
    const records = readdirSync(join(root, 'docs/decisions')).filter((name) => /^\d/.test(name));
    const listed = [...read('docs/decisions/README.md').matchAll(/\]\(([^)]+)\)/g)];
    expect(listed.map(([, name]) => name!).toSorted()).toEqual(records.toSorted());
  });
});
