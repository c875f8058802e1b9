/** `alphalora policy list`: what `--policy` can name here, without loading what nobody named. */
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { table } from '../../../output/table.js';
import { withPolicies } from '../../../plugins/index.js';
import type { PolicyListOptions } from './command.js';

export async function run(options: PolicyListOptions, io: Io): Promise<ExitCode> {
  const found = await withPolicies(options, io, (policies) => policies.list());
  if (options.json) {
    io.stdout.write(`${JSON.stringify(found, null, 2)}\n`, 'data');
    return exitCodes.done;
  }
  const titles = ['name', 'shares out', 'rule', 'from'];
  const columns = titles.map((title) => ({ title, align: 'left' as const }));
  const rows = found.map(({ name, traits, summary = '', from }) => [
    name,
    traits.resources.join(', '),
    summary,
    from,
  ]);
  io.stdout.write(table(columns, rows));
  return exitCodes.done;
}
