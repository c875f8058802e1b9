/** What a plan is good for: the commands that come after it, to be copied. */
import type { Allocation } from '@alphalora/contracts';
import { resources } from '@alphalora/documents';
import { formatsOf } from '@alphalora/exporters';
import { printable } from '../../output/printable.js';

/** Formats to suggest, with what each is for and where it is written. */
const suggested: Readonly<Record<string, { output: string; purpose: string }>> = {
  peft: { output: 'adapter_config.json', purpose: 'for PEFT and trainers on top of it' },
  axolotl: { output: 'axolotl.yaml', purpose: 'for Axolotl' },
  pytorch: { output: 'experts/', purpose: 'the experts in PyTorch' },
  spectrum: { output: 'spectrum/', purpose: 'for Spectrum and its plugin of Axolotl' },
};

const table: [string, { output: string; purpose: string }] = [
  'csv',
  { output: 'allocation.csv', purpose: 'a table' },
];

interface Planned {
  model: string;
  allocation: Allocation;
  files: { readonly allocation: string; readonly report: string };
  /** Formats that were written already. */
  exported: readonly string[];
}

/** Lines for people; experts and ranks can be trained here, too. */
export async function nextSteps(planned: Planned): Promise<string> {
  const { model, allocation, files, exported } = planned;
  const { unit } = allocation.budget;
  const known = await formatsOf(unit);
  const programs = Object.entries(suggested).filter(([format]) => known.includes(format));
  // Where no program takes it, a table is what is left.
  const formats = programs.length > 0 ? programs : [table];
  const shown = formats.filter(([format]) => !exported.includes(format));
  const document = inShell(files.allocation);
  const commands = [
    ...shown.map(([format, { output, purpose }]): [string, string] => [
      `alphalora export ${document} --to ${format} -o ${output}`,
      purpose,
    ]),
    ...(resources[unit].adapter
      ? [
          [
            `alphalora train ${inShell(model)} --allocation ${document} --task <name> --data <path> -o trained`,
            'fine-tune here',
          ] as [string, string],
        ]
      : []),
  ];
  return [
    `next: open ${printable(files.report)}, or`,
    ...commands.map(([command, purpose]) => `  ${command}   # ${purpose}`),
    '',
  ].join('\n');
}

/** A path as it is typed, in quotes where it needs them. */
function inShell(path: string): string {
  const text = printable(path);
  return /^[\w./\\:@=+-]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}
