/** Commands on a model, documents and an adapter whose every text tries to take over the terminal. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { programIn } from '@alphalora/testing/program';
import { beforeAll, describe, expect, it } from 'vitest';

const root = temporaryFolder('hostile');
const { alphalora } = programIn(root);

/** Title, erase, carriage return, a line of its own, C1, direction, separators. */
const evil = '\x1b]0;owned\x07\x1b[2J\r\nINJECTED: \x7f\x9b31m\u202e\u2066\u2028\u2029';
/** What may be shown of it: everything but controls, on the line where it belongs. */
const forbidden = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Bidi_Control}]|^INJECTED/mu;

const model = join(root, 'model');
const file = (name: string): string => join(root, name);

/** A safetensors file of 8 x 8 matrices with random values. */
function tensors(names: readonly string[], side: readonly [number, number] = [8, 8]): Buffer {
  const size = 4 * side[0] * side[1];
  const header = Object.fromEntries(
    names.map((name, i) => [
      name,
      { dtype: 'F32', shape: side, data_offsets: [i * size, (i + 1) * size] },
    ]),
  );
  const metadata = { planted_alpha: evil, note: evil };
  const text = Buffer.from(JSON.stringify({ __metadata__: metadata, ...header }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  let state = 1;
  const values = Float32Array.from({ length: (names.length * size) / 4 }, () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  });
  return Buffer.concat([length, text, Buffer.from(values.buffer)]);
}

beforeAll(async () => {
  mkdirSync(model);
  const names = [0, 1].flatMap((block) =>
    ['q_proj', 'v_proj'].map((role) => `${evil}.layers.${block}.self_attn.${role}.weight`),
  );
  writeFileSync(join(model, 'model.safetensors'), tensors([...names, `${evil}.odd.weight`]));
  writeFileSync(
    join(model, 'config.json'),
    JSON.stringify({ architectures: [evil], model_type: evil }),
  );
  mkdirSync(file('adapter'));
  const factors = ['lora_A', 'lora_B'].map((part) => `base_model.model.${evil}.${part}.weight`);
  writeFileSync(join(file('adapter'), 'adapter_model.safetensors'), tensors(factors));
  const config = { peft_type: 'LORA', r: 8, lora_alpha: 8, target_modules: [evil] };
  writeFileSync(join(file('adapter'), 'adapter_config.json'), JSON.stringify(config));
  // Documents of others may say anything anywhere.
  const made = await alphalora('analyze', model, '-o', file('a.json'), '--include', '*');
  expect(made.code).toBe(0);
  await alphalora('allocate', file('a.json'), '-o', file('l.json'));
  for (const name of ['a', 'l']) {
    const document = JSON.parse(readFileSync(file(`${name}.json`), 'utf8'));
    if (name === 'a') {
      document.model.source += evil;
      document.options.estimator += evil;
      document.options[evil] = evil;
      document.matrices.push({
        name: evil,
        shape: [2],
        dtype: 'F32',
        status: 'failed',
        reason: evil,
      });
      for (const row of document.matrices) {
        if (row.role) row.role += evil;
        if (row.status === 'skipped') row.reason += evil;
        if (row.metrics) row.metrics[evil] = 1;
      }
    } else {
      document.policy = { name: evil, version: evil, options: { [evil]: evil }, from: evil };
      for (const row of document.projections) row.role += evil;
    }
    writeFileSync(file(`evil-${name}.json`), JSON.stringify(document));
  }
  writeFileSync(file('bad.json'), JSON.stringify({ kind: evil }));
  writeFileSync(file('worse.json'), JSON.stringify({ kind: 'analysis', [evil]: 1 }));
  writeFileSync(file('scores.csv'), `name,score\n"${evil.replaceAll('\n', '')}",1\n`);
  writeFileSync(
    file('policy.mjs'),
    `throw Object.assign(new Error(${JSON.stringify(evil)}), { name: ${JSON.stringify(evil)} });`,
  );
  writeFileSync(
    file('prints.mjs'),
    `console.log(${JSON.stringify(evil.replaceAll('\n', ''))}); export default 1;`,
  );
  writeFileSync(file('metrics.jsonl'), `${JSON.stringify({ step: 1, loss: evil })}\n`);
}, 120_000);

const [a, l] = ['a', 'l'].map((name) => file(`evil-${name}.json`)) as [string, string];

describe('no text takes over the terminal', () => {
  it.each<[string, string[]]>([
    ['inspect', ['inspect', model]],
    ['analyze', ['analyze', model, '--include', '*']],
    ['analyze, as planned', ['analyze', model, '--dry-run']],
    ['analyze, of one that failed', ['analyze', model, '--max-memory', '1k', '--no-cache']],
    ['analyze, over a threshold', ['analyze', model, '--fail-on', 'alpha>0']],
    ['analyze with an adapter', ['analyze', model, '--adapter', file('adapter')]],
    ['an adapter alone', ['inspect', file('adapter')]],
    ['a pattern without a match', ['analyze', model, '--include', `${evil}x`]],
    ['plan', ['plan', model, '-o', file('plan')]],
    ['allocate', ['allocate', a]],
    ['allocate per projection', ['allocate', a, '--per', 'projection', '--total', '9']],
    ['allocate with scores', ['allocate', a, '--scores', file('scores.csv')]],
    ['allocate by a policy that throws', ['allocate', a, '--policy', file('policy.mjs')]],
    ['allocate by a policy that prints', ['allocate', a, '--policy', file('prints.mjs')]],
    ['a policy that is none', ['policy', 'info', `./${evil}`]],
    ['compare analyses', ['compare', a, file('a.json')]],
    ['compare allocations', ['compare', l, file('l.json')]],
    ['compare policies', ['compare', a, '--policies', 'uniform,alphalora', '--per', 'projection']],
    ['merge', ['merge', a, file('a.json')]],
    ['report', ['report', a, l, '-o', file('r.html')]],
    [
      'report with metrics',
      ['report', a, '--metrics', file('metrics.jsonl'), '-o', file('r.html')],
    ],
    ['export', ['export', l, '--to', 'mola', '-o', file('mola.txt')]],
    ['export to peft', ['export', l, '--to', 'peft', '-o', file('peft/')]],
    ['export to an unknown format', ['export', l, '--to', evil]],
    ['another document', ['allocate', file('bad.json')]],
    ['a broken document', ['allocate', file('worse.json')]],
    ['a file that is not there', ['inspect', file(evil)]],
    ['an unknown command', [evil]],
    ['an unknown option', ['inspect', `--${evil}`]],
    ['a wrong number', ['allocate', a, '--total', evil]],
    ['train', ['train', model, '--allocation', l, '--task', evil, '--data', evil, '-o', file('t')]],
  ])('%s', async (_, args) => {
    const { stdout, stderr } = await alphalora(...args);
    expect(stdout + stderr).not.toBe('');
    expect(forbidden.exec(stdout + stderr)).toBeNull();
  });
});
