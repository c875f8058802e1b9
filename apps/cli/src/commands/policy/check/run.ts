/** `alphalora policy check`: the allocator's conformance tests on one policy. */

import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { tell } from '../../../output/printable.js';
import { writeJson } from '../../../output/result.js';
import { pluginsOf } from '../../../plugins/index.js';
import type { PolicyCheckOptions } from './command.js';

export async function run(
  reference: string,
  { set, seed, json }: PolicyCheckOptions,
  io: Io,
): Promise<ExitCode> {
  const plugins = pluginsOf(io);
  const policy = await plugins.open(reference);
  const options = { ...(await plugins.settings(reference)), ...set };
  const { name } = policy.info;
  const checks = await policy.check({ options, seed });
  const failed = checks.filter(({ status }) => status === 'failed').length;
  if (json) writeJson(io.stdout, checks);
  else {
    for (const { name, status, reason, restsOn } of checks) {
      if (restsOn !== undefined) continue;
      tell(io.stdout, `${status.padEnd(8)} ${name}${reason ? `: ${reason}` : ''}`);
    }
    const resting = checks.filter(({ restsOn }) => restsOn !== undefined);
    if (resting.length > 0) {
      const [{ restsOn }] = resting as [(typeof resting)[0]];
      tell(io.stdout, `skipped  ${resting.length} more, which rest on "${restsOn}"`);
    }
    const passed = checks.filter(({ status }) => status === 'passed').length;
    const skipped = checks.length - passed - failed;
    io.stdout.write('\n');
    tell(io.stdout, `policy ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
  return failed > 0 ? exitCodes.failed : exitCodes.done;
}
