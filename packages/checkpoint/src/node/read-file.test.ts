/** What is opened, what is refused, and that nothing is waited for. */
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { isAlphaLoraError } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless, itUnless, posixLacks } from '@alphalora/testing/lacking';
import { devicesLack, makeNullDevice, makePipe } from '@alphalora/testing/special-files';
import { describe, expect, it } from 'vitest';
import { fileOf, matrix } from '../test-support/adapters.js';
import { fileError, openCheckpoint, readIfPresent, readRegularFile } from './index.js';

const root = temporaryFolder('read');
const at = (name: string): string => join(root, name);
const refused = (message: RegExp, code: 'IO_FAILED' | 'NOT_FOUND' = 'IO_FAILED') =>
  expect.toSatisfy((error) => isAlphaLoraError(error, code) && message.test(error.message));

describeUnless(posixLacks, 'what is not a regular file is refused, whatever leads to it', () => {
  it('a named pipe', async () => {
    makePipe(at('pipe'));
    symlinkSync('pipe', at('link'));
    await expect(readRegularFile(at('pipe'))).rejects.toThrow(refused(/pipe is .* a named pipe/));
    await expect(readIfPresent(at('link'))).rejects.toThrow(refused(/link is .* a named pipe/));
  });

  it('a socket, a folder', async () => {
    const server = createServer().listen(at('socket'));
    await once(server, 'listening');
    await expect(readRegularFile(at('socket'))).rejects.toThrow(refused(/but a socket/));
    server.close();
    await expect(readRegularFile(root)).rejects.toThrow(refused(/but a folder/));
  });

  itUnless(devicesLack(root), 'a device', async () => {
    makeNullDevice(at('null'));
    await expect(readRegularFile(at('null'))).rejects.toThrow(refused(/but a character device/));
  });

  it.each(['model.safetensors', 'config.json', 'model.safetensors.index.json'])(
    'a pipe or a folder as %s of a model',
    async (name) => {
      for (const make of [makePipe, mkdirSync]) {
        const folder = mkdtempSync(at('model-'));
        if (name === 'config.json') {
          writeFileSync(join(folder, 'model.safetensors'), fileOf([matrix('w', [[1, 2]])]));
        }
        make(join(folder, name));
        await expect(openCheckpoint(folder)).rejects.toThrow(
          refused(/is not a regular file but a/),
        );
      }
    },
  );

  it('a pipe as a shard, or as a part of an adapter', async () => {
    const folder = mkdtempSync(at('sharded-'));
    const index = JSON.stringify({ weight_map: { w: 'model-00001-of-00001.safetensors' } });
    writeFileSync(join(folder, 'model.safetensors.index.json'), index);
    makePipe(join(folder, 'model-00001-of-00001.safetensors'));
    await expect(openCheckpoint(folder)).rejects.toThrow(
      refused(/00001\.safetensors is not a reg/),
    );
    const adapter = mkdtempSync(at('adapter-'));
    writeFileSync(join(adapter, 'adapter_config.json'), '{}');
    makePipe(join(adapter, 'adapter_model.safetensors'));
    await expect(openCheckpoint(adapter)).rejects.toThrow(
      refused(/_model\.safetensors is not a r/),
    );
  });
});

describe('what the system says, in words', () => {
  it.each([
    ['EMFILE', 'open', /^cannot open \/f: this process has too many open files; raise .*ulimit -n/],
    ['EACCES', 'read', /^cannot read \/f: permission denied/],
    ['ELOOP', 'open', /^cannot open \/f: its symbolic links lead in a circle/],
    ['ENAMETOOLONG', 'write', /^cannot write \/f: the path or a name in it is too long/],
    ['ENOSPC', 'write', /^cannot write \/f: no space left on the device/],
    ['ENOENT', 'write', /^cannot write \/f: E/],
  ] as const)('%s on %s', (code, verb, message) => {
    const error = Object.assign(new Error(`${code}: said by the system`), { code });
    expect(fileError(error, '/f', verb)).toMatchObject({
      code: 'IO_FAILED',
      details: { file: '/f', errno: code },
      message: expect.stringMatching(message),
    });
  });

  it('a file in place of a folder is no file', async () => {
    writeFileSync(at('file'), '');
    expect(await readIfPresent(at('file/below'))).toBeUndefined();
    await expect(readRegularFile(at('file/below'))).rejects.toThrow(
      refused(/below does not exist: a part of the path is a file/, 'NOT_FOUND'),
    );
  });

  itUnless(posixLacks, 'links in a circle, and a name that is too long', async () => {
    symlinkSync('circle', at('circle'));
    await expect(readIfPresent(at('circle'))).rejects.toThrow(refused(/lead in a circle/));
    await expect(openCheckpoint(at('n'.repeat(300)))).rejects.toThrow(refused(/too long/));
    unlinkSync(at('circle'));
  });

  const rootReads = process.getuid?.() === 0 ? 'root may read everything' : undefined;
  itUnless(posixLacks ?? rootReads, 'what may not be read', async () => {
    writeFileSync(at('secret'), '');
    chmodSync(at('secret'), 0);
    await expect(readIfPresent(at('secret'))).rejects.toThrow(refused(/permission denied/));
  });
});
