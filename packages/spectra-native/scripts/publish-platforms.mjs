/**
 * Publishes the packages under npm/ that platform-packages.mjs made, but for those that npm has: this
 * package asks for them by their version, so they go first.
 *
 *     node scripts/publish-platforms.mjs
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from '../../../scripts/lib/tools.mjs';

const folder = fileURLToPath(new URL('../npm', import.meta.url));
for (const platform of readdirSync(folder)) {
  const cwd = join(folder, platform);
  const { name, version } = JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8'));
  const { status, stdout } = runNpm(['view', `${name}@${version}`, 'version'], { cwd });
  if (status === 0 && stdout.trim() === version) continue;
  const published = runNpm(['publish'], { cwd });
  if (published.status !== 0) throw new Error(`${name}: ${published.output}`);
  process.stdout.write(`${name}@${version}\n`);
}
