/** `alphalora policy check`: the allocator's conformance tests on one policy. */
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { type PluginOptions, withPolicies } from '../../plugins/index.js';

interface CheckOptions extends PluginOptions {
  set: Record<string, unknown>;
  seed: number;
  json?: boolean;
}

export async function checkPolicyCommand(
  reference: string,
  { set, seed, json, ...options }: CheckOptions,
  io: Io,
): Promise<ExitCode> {
  const { name, checks } = await withPolicies(options, io, async (policies) => {
    const policy = await policies.open(reference);
    return { name: policy.info.name, checks: await policy.check({ options: set, seed }) };
  });
  const failed = checks.filter(({ status }) => status === 'failed').length;
  if (json) io.stdout.write(`${JSON.stringify(checks, null, 2)}\n`);
  else {
    for (const { name, status, reason } of checks) {
      io.stdout.write(`${status.padEnd(8)} ${name}${reason ? `: ${reason}` : ''}\n`);
    }
    const passed = checks.filter(({ status }) => status === 'passed').length;
    const skipped = checks.length - passed - failed;
    io.stdout.write(`\npolicy ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
  return failed > 0 ? exitCodes.failed : exitCodes.done;
}
