import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { llamaLike, projectionAllocation } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import type { Io } from '../../io.js';
import { run as exportCommand, writeExported } from './run.js';

const root = temporaryFolder('export');

describe('a format of several files', () => {
  const exported = { files: { 'config.json': '{}\n', 'train.sh': 'true\n' }, notes: [] };
  const silent = {
    stdout: { write: () => 0 },
    stderr: { write: () => 0 },
    signal: new AbortController().signal,
  };

  it('goes into a folder', async () => {
    const output = join(root, 'folder');
    expect(await writeExported(exported, { to: 'x', output }, silent)).toEqual([
      join(output, 'config.json'),
      join(output, 'train.sh'),
    ]);
    expect(readFileSync(join(output, 'config.json'), 'utf8')).toBe('{}\n');
    expect(readFileSync(join(output, 'train.sh'), 'utf8')).toBe('true\n');
  });

  it('needs one', async () => {
    await expect(writeExported(exported, { to: 'x' }, silent)).rejects.toThrow(
      /x is several files: -o names their folder/,
    );
  });
});

describe('a format of one file', () => {
  const silent = {
    stdout: { write: () => 0 },
    stderr: { write: () => 0 },
    signal: new AbortController().signal,
  };
  const exported = { files: { 'adapter_config.json': '{}\n' }, notes: [] };

  it('keeps its name in a folder, which is made where there is none, or takes another', async () => {
    const there = join(root, 'there.json');
    mkdirSync(there);
    for (const output of [
      there,
      join(root, 'new.json/'),
      join(root, 'adapter'),
      join(root, 'v1.5'),
    ]) {
      await writeExported(exported, { to: 'peft', output }, silent);
      expect(readFileSync(join(output, 'adapter_config.json'), 'utf8')).toBe('{}\n');
    }
    const taken = join(root, 'taken');
    writeFileSync(taken, 'old');
    for (const output of [join(root, 'other.json'), taken]) {
      await writeExported(exported, { to: 'peft', output }, silent);
      expect(readFileSync(output, 'utf8')).toBe('{}\n');
    }
  });

  it('has its notes beside it in a folder, and never those of a former one', async () => {
    const output = join(root, 'noted');
    const beside = join(output, 'adapter_config.notes.txt');
    await writeExported(
      { ...exported, notes: ['one is lost', 'another'] },
      { to: 'peft', output },
      silent,
    );
    expect(readFileSync(beside, 'utf8')).toBe('one is lost\nanother\n');
    await writeExported(exported, { to: 'peft', output }, silent);
    expect(readdirSync(output)).toEqual(['adapter_config.json']);
    const commented = { files: { 'lora.py': '# one is lost\n' }, notes: ['one is lost'] };
    await writeExported(commented, { to: 'x', output: join(root, 'commented') }, silent);
    expect(readdirSync(join(root, 'commented'))).toEqual(['lora.py']);
  });

  it('without a name needs one', async () => {
    await expect(
      writeExported({ files: 'a,b\n', notes: [] }, { to: 'csv', output: root }, silent),
    ).rejects.toThrow(/is a folder: name a file in it/);
  });
});

describe('export of an allocation', () => {
  it('writes the document to stdout and what it cannot express to stderr', async () => {
    const file = join(root, 'allocation.json');
    writeFileSync(file, JSON.stringify(projectionAllocation('experts', llamaLike)));
    const written = { stdout: '', stderr: '' };
    const stream = (name: keyof typeof written) => ({
      write(text: string) {
        written[name] += text;
      },
    });
    const io = { stdout: stream('stdout'), stderr: stream('stderr') } as unknown as Io;
    expect(await exportCommand(file, { to: 'peft' }, io)).toBe(0);
    expect(JSON.parse(written.stdout)).toMatchObject({ peft_type: 'LORA', r: 48 });
    expect(written.stderr).toMatch(/^note: peft has no experts: .*\nnote: 1 of 6 modules/);
  });

  it('hands the options on to the format, and prints files and notes as JSON', async () => {
    const file = join(root, 'ranks.json');
    writeFileSync(file, JSON.stringify(projectionAllocation('rank', llamaLike)));
    const written: string[] = [];
    const io = {
      stdout: { write: (text: string) => void written.push(text) },
      stderr: { write: () => 0 },
    } as unknown as Io;
    const output = join(root, 'chosen');
    const options = { to: 'peft', scaling: 'alpha/r', targets: ['q_proj'], output };
    expect(await exportCommand(file, { ...options, json: true, set: { alpha: 32 } }, io)).toBe(0);
    const { format, files, notes } = JSON.parse(written.join(''));
    const config = JSON.parse(files['adapter_config.json']);
    expect([format, config.lora_alpha, config.target_modules.length]).toEqual(['peft', 32, 3]);
    expect(notes.join()).toContain('of other roles than targets');
    expect(JSON.parse(readFileSync(join(output, 'adapter_config.json'), 'utf8'))).toEqual(config);
    await expect(exportCommand(file, { to: 'peft', set: { foo: 1 } }, io)).rejects.toThrow(
      /format peft has no option "foo": its options are scaling, alpha, dropout, targets, taskType$/,
    );
    await expect(exportCommand(file, { to: 'csv', alpha: 3 }, io)).rejects.toThrow(
      /format csv has no option "alpha"/,
    );
  });
});
