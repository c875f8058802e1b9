/**
 * The whole way on the demo model, by the commands that anybody would type: spectra, allocation, a
 * fine-tuning on a task that the model has not seen, its accuracy before and after, the report.
 *
 *     node scripts/demo.mjs [options of `alphalora plan`]      (after a build; `npm start` does it)
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { splits } from '../examples/demo-tasks/tasks.mjs';
import { root } from './lib/tools.mjs';

const output = 'alphalora-plan';
const model = 'examples/demo-model';
const task = 'descend';
const data = ['--task', 'completions', '--data', `${output}/data`, '--backend', 'wasm'];
const adapter = `${output}/adapter`;

say(`A Llama-style model that was trained from scratch on eight small tasks lies in ${model}.`);
say('What follows `$` can be typed with `npm run --silent alphalora --` in place of `alphalora`.');
say('1. Its spectra, and how many experts each block gets:');
alphalora('plan', model, '--total', '32', '-o', output, ...process.argv.slice(2));

say(`\n2. A task that it has never seen (${task}: digits in descending order), before:`);
writeData();
say(`(${output}/data has its questions, made by examples/demo-tasks/tasks.mjs)`);
const [before] = alphalora('evaluate', model, ...data, '--max-tokens', '8');

say('\n3. Fine-tuning with those experts:');
rmSync(join(root, adapter), { recursive: true, force: true });
alphalora(
  ...['train', model, '--allocation', `${output}/allocation.json`, ...data, '--steps', '150'],
  ...['--batch-size', '16', '--learning-rate', '0.01', '-o', adapter],
);

say('\n4. The same questions after it:');
const [after] = alphalora('evaluate', model, ...data, '--max-tokens', '8', '--adapter', adapter);

say('\n5. The report, now with the training:');
alphalora(
  ...['report', `${output}/analysis.json`, `${output}/allocation.json`],
  ...['--metrics', `${adapter}/metrics.jsonl`, '-o', `${output}/report.html`],
);
say(`\nbefore: ${before}\nafter:  ${after}\nopen ${output}/report.html`);

/** Questions without a common one among the splits. */
function writeData() {
  const [train, validation, test] = splits(task, { seed: 1, sizes: [1600, 100, 100] });
  mkdirSync(join(root, output, 'data'), { recursive: true });
  for (const [name, set] of Object.entries({ train, validation, test })) {
    const lines = set.map((example) => `${JSON.stringify(example)}\n`).join('');
    writeFileSync(join(root, output, 'data', `${name}.jsonl`), lines);
  }
}

/** Shows the command, runs it, and stops where it fails. @returns the lines that it printed */
function alphalora(...args) {
  say(`$ alphalora ${args.join(' ')}`);
  const main = join('apps', 'cli', 'dist', 'main.js');
  const options = { cwd: root, encoding: 'utf8', stdio: ['inherit', 'pipe', 'inherit'] };
  const { status, stdout, signal } = spawnSync(process.execPath, [main, ...args], options);
  process.stdout.write(stdout ?? '');
  if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));
  return stdout.trimEnd().split('\n');
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
