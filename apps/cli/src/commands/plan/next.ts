/** What a plan is good for: what was written for other programs, and the commands that come after it. */
import type { Allocation, Resource } from '@alphalora/contracts';
import { resources } from '@alphalora/documents';
import { formatsOf } from '@alphalora/exporters';
import { printable } from '../../output/printable.js';
import { inShell, programName } from '../../output/shell.js';

interface Suggestion {
  /** What to do with it, once it is written to a path. */
  use?(path: string): string;
}

interface Offer extends Suggestion {
  /** Where the command writes it. */
  readonly output: string;
  readonly purpose: string;
  /** Of a resource, what the format cannot do without. */
  readonly needs?: Readonly<Partial<Record<Resource, readonly string[]>>>;
}

const intoConfiguration = (program: string) => (path: string) =>
  `in ${program}: copy the lines of ${path} into your configuration`;

/** By format, in the order in which they are suggested; those that only have a use, once they are written. */
const suggestions: Readonly<Record<string, Suggestion | Offer>> = {
  spectrum: {
    output: 'unfrozen.yaml',
    purpose: 'train these matrices in full, in Axolotl; --to soup: in Soup',
    use: intoConfiguration('Axolotl'),
  },
  peft: {
    output: 'adapter/',
    purpose: 'adapters for PEFT; --to trl, unsloth or ms-swift: the same in their Python',
    use: (path) => `in PEFT: get_peft_model(model, LoraConfig.from_pretrained("${path}"))`,
  },
  axolotl: {
    output: 'axolotl.yaml',
    purpose: 'for Axolotl',
    needs: { 'learning-rate': ['--set lr=2e-5'] },
    use: intoConfiguration('Axolotl'),
  },
  trl: {
    use: (path) =>
      `in TRL: python ${inShell(`${path}/trl_lora.py`)}, or peft_config() in it for a trainer`,
  },
  unsloth: {
    use: (path) => `in Unsloth: get_peft_model(model) of ${path}/unsloth_lora.py`,
  },
  'ms-swift': {
    use: (path) =>
      `in ms-swift: --external_plugins ${inShell(`${path}/swift_lora.py`)} --tuner_type alphalora`,
  },
  soup: { use: intoConfiguration('Soup') },
  pytorch: {
    output: 'experts/',
    purpose: 'the experts in PyTorch',
    use: (path) => `in PyTorch: put ${path} on PYTHONPATH, then molora.apply(model, "${path}")`,
  },
};

const table: Offer = { output: 'allocation.csv', purpose: 'a table' };

interface Planned {
  model: string;
  allocation: Allocation;
  files: { readonly allocation: string; readonly report: string };
  /** Formats that were written already, and where. */
  exported: ReadonlyMap<string, string>;
}

/** Lines for people; experts and ranks can be trained here, too. */
export async function nextSteps(planned: Planned): Promise<string> {
  const { model, allocation, files, exported } = planned;
  const { unit } = allocation.budget;
  const { adapter, routed } = resources[unit];
  const known = (await formatsOf(unit)).filter((format) => routed || format !== 'pytorch');
  const offers = Object.entries(suggestions).flatMap(([format, suggestion]) =>
    known.includes(format) && 'output' in suggestion ? [[format, suggestion] as const] : [],
  );
  // Where no program takes it, a table is what is left.
  const formats = offers.length > 0 ? offers : [['csv', table] as const];
  const document = inShell(files.allocation);
  const uses = [...exported].flatMap(([format, path]) => {
    const use = suggestions[format]?.use?.(printable(path));
    return use === undefined ? [] : [use];
  });
  const commands = formats
    .filter(([format]) => !exported.has(format))
    .map(([format, { output, purpose, needs = {} }]) => [
      ['export', document, '--to', format, ...(needs[unit] ?? []), '-o', output].join(' '),
      purpose,
    ]);
  if (adapter) {
    const options = '--task <name> --data <path> -o trained';
    commands.push([
      `train ${inShell(model)} --allocation ${document} ${options}`,
      'fine-tune here',
    ]);
  }
  return [
    'next:',
    `  open ${inShell(files.report)}`,
    ...uses.map((use) => `  ${use}`),
    ...commands.map(([command, purpose]) => `  ${programName()} ${command}   # ${purpose}`),
    '',
  ].join('\n');
}
