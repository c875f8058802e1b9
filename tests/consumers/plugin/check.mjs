/** A user who installed the program and somebody's policy package beside it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const [model] = process.argv.slice(2);
const name = 'alphalora-policy-softmax';

function alphalora(...args) {
  // `npx` is a script on Windows, so it needs the shell; the arguments hold no spaces.
  const options = { encoding: 'utf8', shell: process.platform === 'win32' };
  return execFileSync('npx', ['--no-install', 'alphalora', ...args], options);
}

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));

alphalora('analyze', model, '-o', 'analysis.json');
const alphas = read('analysis.json').blocks.map(({ alpha }) => alpha);

// By package name: the shares are those of the softmax, computed here anew.
alphalora(
  ...['allocate', 'analysis.json', '--policy', name, '--set', 'temperature=2'],
  ...['--total', '40', '-o', 'allocation.json'],
);
const { blocks, experts, policy } = read('allocation.json');
assert.deepEqual(policy, {
  name: 'softmax',
  version: '1.0.0',
  options: { temperature: 2 },
  from: name,
});
assert.equal(
  experts.reduce((sum, count) => sum + count, 0),
  40,
);
const powers = alphas.map((alpha) => Math.exp(alpha / 2));
const all = powers.reduce((sum, power) => sum + power, 0);
for (const [i, { share }] of blocks.entries()) {
  assert.ok(Math.abs(share - powers[i] / all) < 1e-12, `share of block ${i}`);
}

// By a configuration, where it is the usual policy.
writeFileSync(
  'alphalora.config.json',
  JSON.stringify({ policies: [name], policy: 'softmax', set: { temperature: 2 } }),
);
const config = ['--config', 'alphalora.config.json'];
const again = JSON.parse(
  alphalora('allocate', 'analysis.json', ...config, '--unit', 'rank', '--total', '64', '--json'),
);
assert.equal(again.policy.options.temperature, 2);
const names = JSON.parse(alphalora('policy', 'list', '--json')).map((entry) => entry.name);
assert.ok(names.includes('softmax') && names.includes('alphalora'), names.join(', '));

const compared = JSON.parse(
  alphalora(
    'compare',
    'analysis.json',
    ...config,
    '--policies',
    'softmax,alphalora,uniform',
    '--json',
  ),
);
assert.equal(compared.policies.length, 3);
alphalora('policy', 'check', name);
alphalora('policy', 'new', 'of-my-own');
