/** `alphalora policy info`: what one policy shares out, needs and promises, and its options. */
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { type PluginOptions, type PolicyInfo, withPolicies } from '../../plugins/index.js';

export async function policyInfo(
  reference: string,
  options: PluginOptions & { json?: boolean },
  io: Io,
): Promise<ExitCode> {
  await withPolicies(options, io, async (policies) => {
    const policy = await policies.open(reference);
    const defaults = policy.info.hasOptions ? await policy.defaults() : {};
    const text = options.json
      ? `${JSON.stringify({ ...policy.info, defaults }, null, 2)}\n`
      : describe(policy.info, defaults);
    io.stdout.write(text);
  });
  return exitCodes.done;
}

function describe(info: PolicyInfo, defaults: Record<string, unknown>): string {
  const { name, version, summary, traits, requires, from } = info;
  const { resources, answer, monotone, equivariant, seeded } = traits;
  const promises = [
    monotone && `${monotone} in the score`,
    equivariant && 'the order of the layers does not matter',
    seeded && 'draws random numbers, by --seed',
  ];
  const lines: Array<[string, string | undefined]> = [
    ['name', name],
    ['version', version],
    ['from', from],
    ['rule', summary],
    ['shares out', resources.join(', ')],
    [
      'answers',
      answer === 'weights'
        ? 'weights, of which integers are made within the budget'
        : 'the quantities themselves, which are checked against the budget',
    ],
    ['promises', promises.filter(Boolean).join('; ') || 'nothing more'],
    ['needs', ['a score of every layer', ...requires].join(', ')],
    ['options', optionsInWords(info, defaults)],
  ];
  return lines
    .filter(([, text]) => text !== undefined)
    .map(([title, text]) => `${title.padEnd(12)}${text}\n`)
    .join('');
}

/** A schema does not say which options it knows: only what it fills in shows some of them. */
function optionsInWords({ hasOptions }: PolicyInfo, defaults: Record<string, unknown>): string {
  if (!hasOptions) return 'none';
  const known = Object.entries(defaults).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return known.length > 0 ? `${known.join(' ')} (its defaults; there may be more)` : 'no defaults';
}
