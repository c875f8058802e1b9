/** The public names of each package, types included, so that a change of the API shows in review. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { exportsOf } from './lib/modules.js';
import { root, workspacePackages } from './lib/workspace.js';

const entries = workspacePackages().flatMap(({ folder, manifest }) =>
  Object.entries(manifest.exports ?? {}).flatMap(([subpath, target]) => {
    const source = typeof target === 'string' ? undefined : target['@alphalora/source'];
    return source === undefined
      ? []
      : [{ entry: manifest.name + subpath.slice(1), folder, source }];
  }),
);

/** More is hard to survey: a further entry, or less that is public. */
const MOST = 40;

it.each(entries)('$entry', async ({ entry, folder, source }) => {
  const names = publicNames(join(root, folder, source));
  const list = [...new Set(names)].sort().map((name) => `${name}\n`);
  expect(list.length).toBeLessThanOrEqual(MOST);
  const file = entry.replace(/^@alphalora\//, '').replaceAll('/', '-');
  await expect(list.join('')).toMatchFileSnapshot(`exports/${file}.txt`);
});

/** Names that a module exports, through its `export * from './...'` too. */
function publicNames(path: string): string[] {
  return exportsOf(path, readFileSync(path, 'utf8')).flatMap(({ name, typeOnly, from }) => {
    if (name !== undefined) return [typeOnly ? `type ${name}` : name];
    const next = join(dirname(path), from!.replace(/\.js$/, '.ts'));
    return publicNames(next).filter((exported) => exported !== 'default');
  });
}
