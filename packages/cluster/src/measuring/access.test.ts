import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formats } from '@alphalora/checkpoint';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { allowedModel } from './access.js';

const folder = temporaryFolder('access');

const models = join(folder, 'models');
const secret = join(folder, 'secret');
for (const path of ['models/sound', 'models/hub/blobs', 'models/hub/snapshot', 'models/loose'])
  mkdirSync(join(folder, path), { recursive: true });
mkdirSync(secret);
const files = ['models/sound/model.safetensors', 'models/hub/blobs/1', 'secret/model.safetensors'];
for (const path of files) writeFileSync(join(folder, path), '');
// As the hub's cache has it: links from a snapshot to blobs.
symlinkSync('../blobs/1', join(models, 'hub/snapshot/model.safetensors'));
symlinkSync(secret, join(models, 'out'));
symlinkSync(join(secret, 'model.safetensors'), join(models, 'loose/model.safetensors'));
mkdirSync(join(folder, 'models-too'));
writeFileSync(join(folder, 'models-too/model.safetensors'), '');

describe('what a job may make a worker read', () => {
  it.each([
    'hf://org/name@0123456789abcdef',
    join(models, 'sound'),
    join(models, 'sound/model.safetensors'),
    join(models, 'hub/snapshot'),
    `${models}/loose/../sound`,
  ])('%s', async (model) => {
    await expect(allowedModel(model, [models])).resolves.toMatch(/sound|snapshot|^hf:/);
  });

  it.each([
    secret,
    '/etc/passwd',
    '/',
    `${models}/../secret`,
    `${models}/sound/../../secret/model.safetensors`,
    join(models, 'out'),
    join(models, 'out/model.safetensors'),
    join(models, 'loose'),
    join(folder, 'models-too'),
    'models/sound',
    '../models/sound',
    '',
    'file:///etc/passwd',
    'http://169.254.169.254/latest',
    'https://example.org/model.safetensors',
    'HF://org/name',
    'data:,x',
  ])('not %s', async (model) => {
    await expect(allowedModel(model, [models])).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/may not read/),
    });
  });

  it('not what leads out under the name of a format that was added', async () => {
    const path = join(models, 'further');
    mkdirSync(path);
    symlinkSync(join(secret, 'model.safetensors'), join(path, 'model.further'));
    await expect(allowedModel(path, [models])).resolves.toBe(path);
    const sniff = (): boolean => false;
    const read = (): never => expect.unreachable();
    formats.add('further', () => ({ name: 'further', extensions: ['.further'], sniff, read }));
    await expect(allowedModel(path, [models])).rejects.toThrow(/may not read/);
  });

  it('nothing on disk where no root is named', async () => {
    await expect(allowedModel(join(models, 'sound'), [])).rejects.toThrow(/--root names those/);
  });

  it('does not tell what exists elsewhere', async () => {
    const messages = await Promise.all(
      [secret, join(folder, 'absent')].map((path) =>
        allowedModel(path, [models]).catch((error: Error) => error.message.replace(path, '')),
      ),
    );
    expect(messages[0]).toBe(messages[1]);
  });

  it('says when an allowed model is not there', async () => {
    const absent = allowedModel(join(models, 'absent'), [models]);
    await expect(absent).rejects.toThrow(/does not exist on this machine/);
  });
});
