/**
 * `alphalora policy new`: a package with a policy that works and passes its own tests, to be changed
 * into one's own. The files are those in `templates/policy`, where `policy-name` stands for the name.
 */

import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { policies } from '@alphalora/allocator';
import { fileError, removeAbandoned, temporaryBeside } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import { requireFolder } from '../../../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { tell } from '../../../output/printable.js';
import { writeJson } from '../../../output/result.js';
import type { PolicyNewOptions } from './command.js';

const root = new URL('../../../../', import.meta.url);
const templates = new URL('templates/policy/', root);

/** Under their own names, npm would leave these files out of our package or take them for its own. */
const stored: Readonly<Record<string, string>> = {
  gitignore: '.gitignore',
  'manifest.json': 'package.json',
  'conformance.js': 'index.test.js',
};

export async function run(
  name: string,
  { output, json }: PolicyNewOptions,
  io: Io,
): Promise<ExitCode> {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || policies.has(name)) {
    const why = policies.has(name) ? 'is built in' : 'must be lower-case words joined by hyphens';
    throw new AlphaLoraError('INVALID_OPTION', `the name "${name}" ${why}: choose another`);
  }
  if (output !== undefined) requireFolder(output, 'policy new');
  const folder = resolve(output ?? `alphalora-policy-${name}`);
  await requireFree(folder);
  const files = await filesFor(name);
  await writeFolder(folder, files);

  if (json) {
    writeJson(io.stdout, { folder, files: [...files.keys()] });
    return exitCodes.done;
  }
  const shown = relative('', folder) || '.';
  for (const file of files.keys()) tell(io.stderr, `wrote ${join(shown, file)}`);
  io.stdout.write(
    `next:\n  cd ${shown}\n  npm install\n  npm test\n  alphalora policy check .\n` +
      'then change index.js into your policy, with it the numbers in index.test.js, README.md and the\n' +
      'description in package.json, and add the LICENSE that package.json names (MIT)\n',
  );
  return exitCodes.done;
}

/** Nothing is ever written over. */
async function requireFree(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw fileError(error, folder, 'write');
  });
  if (found.length === 0) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${folder} is there already and not empty: choose another folder with -o`,
    { details: { file: folder } },
  );
}

async function filesFor(name: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const file of (await readdir(templates)).sort()) {
    const text = (await readFile(new URL(file, templates), 'utf8')).replaceAll('policy-name', name);
    files.set(stored[file] ?? file, file === 'manifest.json' ? await withRanges(text) : text);
  }
  return files;
}

/** The version of valibot that the template is tested with; any allocator, as `apiVersion` decides. */
async function withRanges(manifest: string): Promise<string> {
  const text = await readFile(new URL('package.json', root), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: { valibot: string } };
  return manifest.replace('"valibot": "*"', `"valibot": "${dependencies.valibot}"`);
}

/** All files or none: they are written beside, and the folder is renamed. */
async function writeFolder(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const temporary = temporaryBeside(folder);
  try {
    await mkdir(dirname(folder), { recursive: true });
    await removeAbandoned(dirname(folder));
    await mkdir(temporary);
    for (const [file, text] of files) await writeFile(join(temporary, file), text);
    await rmdir(folder).catch(() => undefined);
    await rename(temporary, folder);
  } catch (cause) {
    // Where the folder is no folder, there is nothing to remove either.
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw fileError(cause, folder, 'write');
  }
}
