/** Examples of the documents, run as a user would run them: against the built packages. */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { transformWithOxc } from 'vite';
import { readManifest, root, workspacePackages } from './workspace.js';

const packages = workspacePackages();
const temporary = temporaryFolder('examples');

/** Writes TypeScript of a document as the module that it compiles to. */
export async function writeModule(path: string, code: string): Promise<void> {
  const { code: script } = await transformWithOxc(code, 'example.ts');
  await writeFile(path, script);
}

/** A folder outside the workspace with all packages, and this one's libraries, installed. */
export async function userFolder(folder: string): Promise<string> {
  const cwd = await mkdtemp(join(temporary, 'user-'));
  const install = async (name: string, target: string): Promise<void> => {
    const link = join(cwd, 'node_modules', name);
    if (existsSync(link)) return;
    await mkdir(dirname(link), { recursive: true });
    await symlink(target, link, 'junction');
  };
  for (const pkg of packages) await install(pkg.manifest.name, join(root, pkg.folder));
  const { dependencies, peerDependencies } = readManifest(folder);
  for (const name of Object.keys({ ...dependencies, ...peerDependencies }))
    await install(name, join(root, folder, 'node_modules', name));
  await cp(join(root, 'examples/demo-model'), join(cwd, 'model'), { recursive: true });
  return cwd;
}
