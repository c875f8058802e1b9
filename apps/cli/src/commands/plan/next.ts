/** What a plan is good for: what was written for other programs, and the commands that come after it. */
import type { Allocation } from '@alphalora/contracts';
import { resources } from '@alphalora/documents';
import { formatsOf } from '@alphalora/exporters';
import { printable } from '../../output/printable.js';
import { inShell, programName } from '../../output/shell.js';

interface Suggestion {
  /** Where the command writes it. */
  readonly output: string;
  readonly purpose: string;
  /** What to do with it, once it is written to a path. */
  use?(path: string): string;
}

/** By format, in the order in which they are suggested. */
const suggestions: Readonly<Record<string, Suggestion>> = {
  peft: {
    output: 'adapter/',
    purpose: 'for PEFT and trainers on top of it',
    use: (path) => `in PEFT: get_peft_model(model, LoraConfig.from_pretrained("${path}"))`,
  },
  axolotl: {
    output: 'axolotl.yaml',
    purpose: 'for Axolotl',
    use: (path) => `in Axolotl: copy the lines of ${path} into your configuration`,
  },
  pytorch: {
    output: 'experts/',
    purpose: 'the experts in PyTorch',
    use: (path) => `in PyTorch: put ${path} on PYTHONPATH, then molora.apply(model, "${path}")`,
  },
  spectrum: {
    output: 'unfrozen.yaml',
    purpose: 'train these matrices in full, in Axolotl',
    use: (path) => `in Axolotl: copy the lines of ${path} into your configuration`,
  },
};

const table: Suggestion = { output: 'allocation.csv', purpose: 'a table' };

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
  const programs = Object.entries(suggestions).filter(([format]) => known.includes(format));
  // Where no program takes it, a table is what is left.
  const formats = programs.length > 0 ? programs : [['csv', table] as const];
  const document = inShell(files.allocation);
  const uses = [...exported].flatMap(([format, path]) => {
    const use = suggestions[format]?.use?.(printable(path));
    return use === undefined ? [] : [use];
  });
  const commands = formats
    .filter(([format]) => !exported.has(format))
    .map(([format, { output, purpose }]) => [
      `export ${document} --to ${format} -o ${output}`,
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
