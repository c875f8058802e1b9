/** `--as-published`: the released AlphaLoRA by one option, which sets the others. */
import { AlphaLoraError } from '@alphalora/contracts';
import { publishedAllocating, publishedMeasuring } from '@alphalora/documents/terms';
import { type Command, Option } from '@commander-js/extra-typings';

const flag = () =>
  new Option('--as-published', 'measure and allocate exactly as the released AlphaLoRA code');

/** For commands that measure. */
export const publishedMeasurements = (command: Command) =>
  command.addOption(flag().implies({ ...publishedMeasuring }));

/** For commands that allocate, too. */
export const published = (command: Command) =>
  command.addOption(flag().implies({ ...publishedMeasuring, ...publishedAllocating }));

/** Options that the released code does not have. */
const foreign = [
  ...['tail', 'tailShare', 'bag', 'cap', 'evalsThreshold', 'farms', 'farmsSize', 'farmsWindows'],
  ...['farmsUpright', 'adapter', 'base', 'include', 'exclude', 'splitFused'],
  ...['min', 'max', 'parameters', 'scores', 'measure'],
];

/** @throws AlphaLoraError `INVALID_OPTION` for options that the released code does not have, or sets to other values */
export function requirePublished(options: { asPublished?: true | undefined }): void {
  if (!options.asPublished) return;
  const wanted: Record<string, unknown> = { ...publishedMeasuring, ...publishedAllocating };
  for (const [name, value] of Object.entries(options)) {
    const isOther = name in wanted && JSON.stringify(value) !== JSON.stringify(wanted[name]);
    if (!isOther && !(foreign.includes(name) && value !== undefined)) continue;
    const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${option} does not go with --as-published, which ${name in wanted ? 'sets another value' : 'does not have it'}: leave out one of them`,
    );
  }
}
