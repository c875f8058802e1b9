/** What a write leaves of the file that was there, and what it leaves behind. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { isAlphaLoraError } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless, itUnless, posixLacks } from '@alphalora/testing/lacking';
import {
  devicesLack,
  makeFullDevice,
  makeNullDevice,
  makePipe,
} from '@alphalora/testing/special-files';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryBeside, writeFileAtomic } from './index.js';

const root = temporaryFolder('write');
const noDevices = devicesLack(root);

let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
});
const at = (name: string): string => join(folder, name);
const mode = (path: string): number => statSync(path).mode & 0o7777;
const failed = (message: RegExp) =>
  expect.toSatisfy((error) => isAlphaLoraError(error, 'IO_FAILED') && message.test(error.message));

describe('a regular file', () => {
  it('is made with its folders, and replaced, and nothing stays beside it', async () => {
    await writeFileAtomic(at('a/b/file'), 'one');
    await writeFileAtomic(at('a/b/file'), [Buffer.from('t'), Buffer.from('wo')]);
    expect(readFileSync(at('a/b/file'), 'utf8')).toBe('two');
    expect(readdirSync(at('a/b'))).toEqual(['file']);
  });

  it('may have the longest name that there is', async () => {
    const path = at('n'.repeat(255));
    await writeFileAtomic(path, 'x');
    expect(readFileSync(path, 'utf8')).toBe('x');
    await expect(writeFileAtomic(at('n'.repeat(256)), 'x')).rejects.toThrow(failed(/too long/));
  });

  itUnless(posixLacks, 'keeps its mode; a new one gets that of the process', async () => {
    writeFileSync(at('secret'), 'old');
    chmodSync(at('secret'), 0o600);
    await writeFileAtomic(at('secret'), 'new');
    expect([mode(at('secret')), readFileSync(at('secret'), 'utf8')]).toEqual([0o600, 'new']);
    writeFileSync(at('open'), 'old');
    chmodSync(at('open'), 0o666);
    await writeFileAtomic(at('open'), 'new');
    expect(mode(at('open'))).toBe(0o666);
    await writeFileAtomic(at('fresh'), 'new');
    writeFileSync(at('plain'), '');
    expect(mode(at('fresh'))).toBe(mode(at('plain')));
  });

  const ownerLacks = process.getuid?.() === 0 ? undefined : 'only root gives files away';
  itUnless(ownerLacks, 'keeps its owner', async () => {
    writeFileSync(at('theirs'), 'old');
    chownSync(at('theirs'), 1234, 4321);
    chmodSync(at('theirs'), 0o640);
    await writeFileAtomic(at('theirs'), 'new');
    const { uid, gid } = statSync(at('theirs'));
    expect([uid, gid, mode(at('theirs'))]).toEqual([1234, 4321, 0o640]);
  });

  it('is not written over where a folder is', async () => {
    mkdirSync(at('d'));
    await expect(writeFileAtomic(at('d'), 'x')).rejects.toThrow(failed(/\/d: it is a folder/));
    writeFileSync(at('f'), 'x');
    await expect(writeFileAtomic(at('f/g'), 'x')).rejects.toThrow(
      failed(/cannot write .*\/f\/g: /),
    );
    expect(readdirSync(folder).sort()).toEqual(['d', 'f']);
  });
});

describeUnless(posixLacks, 'a link', () => {
  it('is followed: it stays, and its target is replaced with its mode', async () => {
    mkdirSync(at('elsewhere'));
    writeFileSync(at('elsewhere/target'), 'old');
    chmodSync(at('elsewhere/target'), 0o640);
    symlinkSync('elsewhere/target', at('one'));
    symlinkSync('one', at('two'));
    await writeFileAtomic(at('two'), 'new');
    expect([readlinkSync(at('one')), readlinkSync(at('two'))]).toEqual(['elsewhere/target', 'one']);
    expect(readFileSync(at('elsewhere/target'), 'utf8')).toBe('new');
    expect(mode(at('elsewhere/target'))).toBe(0o640);
    expect(readdirSync(folder).sort()).toEqual(['elsewhere', 'one', 'two']);
    expect(readdirSync(at('elsewhere'))).toEqual(['target']);
  });

  it('may name a file that is still to be made, by way of linked folders too', async () => {
    mkdirSync(at('deep'));
    mkdirSync(at('deep/er'));
    symlinkSync('deep/er', at('short'));
    // Relative to where the link really lies, which is deep/er.
    symlinkSync('../made', at('deep/er/link'));
    await writeFileAtomic(at('short/link'), 'new');
    expect(readFileSync(at('deep/made'), 'utf8')).toBe('new');
    expect(lstatSync(at('deep/er/link')).isSymbolicLink()).toBe(true);
  });

  it('in a circle is refused', async () => {
    symlinkSync('b', at('a'));
    symlinkSync('a', at('b'));
    await expect(writeFileAtomic(at('a'), 'x')).rejects.toThrow(failed(/links lead in a circle/));
  });
});

describe('what is not a regular file', () => {
  itUnless(noDevices, 'is written to, and stays: a device, by a link too', async () => {
    makeNullDevice(at('null'));
    symlinkSync('null', at('link'));
    await writeFileAtomic(at('null'), 'x');
    await writeFileAtomic(at('link'), 'x');
    expect(lstatSync(at('null')).isCharacterDevice()).toBe(true);
    expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['link', 'null']);
  });

  itUnless(noDevices, 'tells that there is no space', async () => {
    makeFullDevice(at('full'));
    await expect(writeFileAtomic(at('full'), 'x')).rejects.toThrow(failed(/no space left/));
  });

  itUnless(posixLacks, 'is written to: a pipe, once somebody reads it', async () => {
    makePipe(at('pipe'));
    const content = Buffer.alloc(1 << 20, 'pipe');
    const writing = writeFileAtomic(at('pipe'), content);
    const reader = spawn('cat', [at('pipe')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    reader.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    await writing;
    await once(reader, 'close');
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
  });

  itUnless(posixLacks, 'tells that the reader of a pipe went away', async () => {
    makePipe(at('pipe'));
    const reader = spawn('head', ['-c', '1', at('pipe')], { stdio: 'ignore' });
    const closed = once(reader, 'close');
    await expect(writeFileAtomic(at('pipe'), Buffer.alloc(8 << 20))).rejects.toThrow(
      failed(/its reader closed the pipe/),
    );
    await closed;
  });

  itUnless(posixLacks, 'waits for the reader of a pipe only until it is interrupted', async () => {
    makePipe(at('pipe'));
    const interrupt = new AbortController();
    const writing = writeFileAtomic(at('pipe'), 'x', { signal: interrupt.signal });
    interrupt.abort(new Error('enough'));
    await expect(writing).rejects.toThrow('enough');
  });

  itUnless(posixLacks, 'is refused: a socket', async () => {
    const server = createServer().listen(at('socket'));
    await once(server, 'listening');
    await expect(writeFileAtomic(at('socket'), 'x')).rejects.toThrow(failed(/it is a socket/));
    server.close();
  });
});

describe('temporary files', () => {
  const killed = (): number => spawnSync(process.execPath, ['--version']).pid;
  const named = (pid: number, machine?: string): string =>
    basename(temporaryBeside(at('x')))
      .replace(`-${process.pid}-`, `-${pid}-`)
      .replace(/^\.alphalora-[0-9a-f]{8}/, (own) => (machine ? `.alphalora-${machine}` : own));
  const leave = (name: string, ageHours = 0): string => {
    writeFileSync(at(name), 'half');
    const seconds = Date.now() / 1000 - 3600 * ageHours;
    utimesSync(at(name), seconds, seconds);
    return name;
  };

  it('of dead writers are removed, those of living ones and what is not ours stay', async () => {
    const dead = leave(named(killed()));
    mkdirSync(at(named(killed())));
    const living = leave(named(process.pid));
    const parent = leave(named(process.ppid));
    // Of other machines only the age is known.
    const elsewhere = leave(named(killed(), '00000000'), 23);
    leave(named(killed(), '00000000'), 25);
    const foreign = leave(`.other-${dead}`);
    await writeFileAtomic(at('x'), 'whole');
    expect(readdirSync(folder).sort()).toEqual([living, parent, elsewhere, foreign, 'x'].sort());
  });

  itUnless(
    posixLacks,
    'of another namespace of processes count as those of another machine',
    () => {
      const unshare = spawnSync('unshare', ['--fork', '--pid', 'true']);
      if (unshare.status !== 0) return;
      const program = `import(process.argv[1]).then((m) => console.log(m.temporaryBeside('/x')))`;
      const module = new URL('../../dist/node/temporary-file.js', import.meta.url).href;
      const name = execFileSync(
        'unshare',
        ['--fork', '--pid', '--mount-proc', process.execPath, '-e', program, module],
        { encoding: 'utf8' },
      );
      expect(name).toMatch(/^\/\.alphalora-[0-9a-f]{8}-\d+-[0-9a-f]{12}\.tmp\n$/);
      expect(name.slice(0, 20)).not.toBe(temporaryBeside('/x').slice(0, 20));
    },
  );
});
