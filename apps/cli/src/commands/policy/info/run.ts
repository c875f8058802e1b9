/** `alphalora policy info`: what one policy allocates, needs and promises, and its options. */

import { formatSettings } from '@alphalora/documents';
import type { PolicyInfo } from '@alphalora/plugins';
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { printableData } from '../../../output/printable.js';
import { writeResult } from '../../../output/result.js';
import { pluginsOf } from '../../../plugins/index.js';
import type { PolicyInfoOptions } from './command.js';

export async function run(
  reference: string,
  options: PolicyInfoOptions,
  io: Io,
): Promise<ExitCode> {
  const plugins = pluginsOf(io);
  const policy = await plugins.open(reference);
  const defaults = policy.info.hasOptions ? await policy.defaults() : {};
  const set = await plugins.settings(reference);
  const found = { ...policy.info, defaults, set };
  writeResult(io.stdout, options, found, () => describe(printableData(found)));
  return exitCodes.done;
}

interface Found extends PolicyInfo {
  defaults: Record<string, unknown>;
  /** By the configuration. */
  set: Record<string, unknown>;
}

function describe({ defaults, set, ...info }: Found): string {
  const given = formatSettings(set);
  const { name, version, summary, traits, scoredBy, requires, from } = info;
  const { resources, answer, monotone, equivariant, seeded } = traits;
  const promises = [
    monotone && `${monotone} in the score`,
    equivariant && 'the order of the layers does not matter',
    seeded && 'uses random numbers, from --seed',
  ];
  const lines: Array<[string, string | undefined]> = [
    ['name', name],
    ['version', version],
    ['from', from],
    ['rule', summary],
    ['allocates', resources.join(', ')],
    [
      'answers',
      answer === 'weights'
        ? 'weights, of which integers are made within the budget'
        : 'the quantities themselves, which are checked against the budget',
    ],
    ['promises', promises.filter(Boolean).join('; ') || 'nothing more'],
    [
      'needs',
      [
        scoredBy === undefined ? 'a score of every layer' : `the metric ${scoredBy} of every layer`,
        ...requires,
      ].join(', '),
    ],
    ['options', optionsInWords(info, defaults)],
    ['set', given.length > 0 ? `${given.join(' ')} (by the configuration)` : undefined],
  ];
  return lines
    .filter(([, text]) => text !== undefined)
    .map(([title, text]) => `${title.padEnd(12)}${text}\n`)
    .join('');
}

/** A schema does not say which options it knows: only what it fills in shows some of them. */
function optionsInWords({ hasOptions }: PolicyInfo, defaults: Record<string, unknown>): string {
  if (!hasOptions) return 'none';
  const known = formatSettings(defaults).join(' ');
  return known ? `${known} (its defaults; there may be more)` : 'no defaults';
}
