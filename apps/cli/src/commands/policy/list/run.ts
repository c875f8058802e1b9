/** `alphalora policy list`: what `--policy` can name here, without loading what nobody named. */

import { left, table } from '@alphalora/report/text';
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { writeResult } from '../../../output/result.js';
import { pluginsOf } from '../../../plugins/index.js';
import type { PolicyListOptions } from './command.js';

export async function run(options: PolicyListOptions, io: Io): Promise<ExitCode> {
  const found = await pluginsOf(io).list();
  const columns = ['name', 'allocates', 'rule', 'from'].map(left);
  const rows = found.map(({ name, traits, summary = '', from }) => [
    name,
    traits.resources.join(', '),
    summary,
    from,
  ]);
  writeResult(io.stdout, options, found, () => table(columns, rows));
  return exitCodes.done;
}
