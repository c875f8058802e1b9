/** How `--help` is laid out: the headings that options stand under, and the examples at its end. */
/** Of options. */
export const headings = {
  output: 'Output:',
  tail: 'Tail fit:',
  score: 'Score of a block:',
  metrics: 'Metrics and intervals:',
  farms: 'FARMS (windows of one aspect ratio):',
  weights: 'Weights:',
  computing: 'Computing:',
  hub: 'Models on the hub:',
  budget: 'Budget:',
  policy: 'Policy and scores:',
  data: 'Task and data:',
  length: 'Length of the run:',
  optimizer: 'Optimizer:',
  experts: 'Experts and router:',
  checkpoints: 'Checkpoints and validation:',
  plugins: 'Plugins:',
} as const;

/** Of the commands of the program. */
export const commandGroups = {
  allocate: 'Measure and allocate:',
  view: 'Look at results, hand them on:',
  train: 'Train:',
  extend: 'Extend:',
  machine: 'Machines and this program:',
} as const;

/**
 * The end of a command's help: what to know of it, if anything, and commands to copy. A test parses each of
 * them as the program does.
 *
 * @param lines each of them behind `alphalora `
 * @param note paragraph before the examples
 */
export function examples(lines: readonly [string, string, ...string[]], note?: string): string {
  const shown = lines.map((line) => `  alphalora ${line}\n`).join('');
  return `\n${note ? `${note}\n\n` : ''}Examples:\n${shown}`;
}
