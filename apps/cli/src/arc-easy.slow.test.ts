/** What can be executed of examples/arc-easy in short time: its commands, with fewer steps and examples. */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { smolLm2, smolLm2Lacks } from '@alphalora/testing/models';
import { programIn } from '@alphalora/testing/program';
import { repository, shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';

const folder = temporaryFolder('arc-easy');
const { alphalora } = programIn(folder);
const readme = readFileSync(join(repository, 'examples/arc-easy/README.md'), 'utf8');
const commands = [...readme.matchAll(/^alphalora (.+)$/gm)].map(([, args]) => args!.split(' '));

/** As the README has it, but short; on the backend that is there. */
const shortened: Readonly<Record<string, string>> = {
  '--steps': '2',
  '--batch-size': '2',
  '--limit': '4',
  '--backend': 'wasm',
};

describeUnless(smolLm2Lacks ?? sharedLacks('data/llm-adapters'), 'examples/arc-easy', () => {
  it('has commands that run', { timeout: 600_000 }, async () => {
    symlinkSync(smolLm2, join(folder, 'smollm2.gguf'));
    mkdirSync(join(folder, 'arc-easy'));
    for (const file of ['train.json', 'test.json'])
      symlinkSync(shared(`data/llm-adapters/ARC-Easy/${file}`), join(folder, 'arc-easy', file));
    expect(commands.map(([name]) => name)).toEqual([
      ...['plan', 'allocate', 'evaluate', 'train', 'evaluate'],
    ]);
    const outputs: string[] = [];
    for (const args of commands) {
      const short = args.map((arg, i) => shortened[args[i - 1]!] ?? arg);
      const { code, stdout, stderr } = await alphalora(...short);
      expect(code, stderr).toBe(0);
      outputs.push(stdout);
    }
    expect(outputs[1]).toContain('2,442,240 trainable parameters');
    expect(outputs[2]).toMatch(
      /arc-easy-text: accuracy [\d.]+, normalized [\d.]+, loss [\d.]+ \(4 examples/,
    );
    expect(outputs[4]).toMatch(/^arc-easy-text: accuracy/m);
    // The adapter acts.
    expect(outputs[4]).not.toBe(outputs[2]);
  });
});
