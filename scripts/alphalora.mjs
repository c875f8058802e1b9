/**
 * `npm run alphalora -- <arguments>`: the built program, in the folder where npm was started and not in that of the
 * repository, so that paths are those that were typed.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../apps/cli/dist/main.js', import.meta.url);
if (existsSync(fileURLToPath(program))) {
  process.chdir(process.env.INIT_CWD ?? '.');
  await import(program);
} else {
  process.stderr.write('error: the program is not built yet: run npm start, or npm run setup\n');
  process.exitCode = 1;
}
