/** What is run, in which order, and what is left behind; whether the library computes, the tests on it tell. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { expect, it } from 'vitest';
import { installTensorflow } from './install.js';
import type { RunProgram } from './programs.js';

const root = temporaryFolder('install-tensorflow');
const linux = { platform: 'linux', arch: 'x64', glibc: '2.36' } as const;
const computes = '{"backend":"tensorflow","version":"2.18.1","product":[4,5,10,11]}\n';
let count = 0;

/** A package without its library, and programs that do as little as they can; `broken` ones fail. */
function given({ installed = false, broken = '' } = {}) {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  const ran: string[] = [];
  const binding = join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');
  const works = installed;
  const run: RunProgram = async (program, args) => {
    const line = [program, ...args].join(' ');
    ran.push(line);
    if (broken !== '' && line.includes(broken))
      throw new AlphaLoraError('ENGINE_FAILED', `${program} failed: no`);
    if (program === process.execPath) {
      if (works || existsSync(binding)) return computes;
      throw new AlphaLoraError('ENGINE_FAILED', 'no binding');
    }
    const following = (option: string): string => args[args.indexOf(option) + 1]!;
    if (args.includes('--dest')) writeFileSync(join(following('--dest'), 'tf.whl'), '');
    if (args.includes('-o')) writeFileSync(following('-o'), 'compiled');
    return '';
  };
  let said = '';
  const stderr = { write: (text: string) => (said += text) };
  const options = { gpu: false, stderr, machine: linux, run, folderOf: () => folder };
  return { folder, options, ran, said: () => said };
}

it('downloads the wheel, compiles the binding and tries it', async () => {
  const { folder, options, ran, said } = given();
  await expect(installTensorflow(options)).resolves.toEqual({
    package: '@tensorflow/tfjs-node',
    folder,
    tensorflow: '2.18.1',
    changed: true,
  });
  const download = ran.find((line) => line.includes('pip') && line.includes('download'))!;
  expect(download).toMatch(/--platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64/);
  expect(download).toMatch(/ tensorflow-cpu==2\.18\.1$/);
  expect(ran.at(-2)).toMatch(
    /^g\+\+ .*-Wl,-rpath,\$ORIGIN\/\.\.\/\.\.\/deps\/site-packages\/tensorflow$/,
  );
  expect(said()).toMatch(/downloading TensorFlow 2\.18\.1/);
  expect(readdirSync(join(folder, 'deps'))).toEqual(['site-packages']);
  expect(readdirSync(join(folder, 'lib', 'napi-v8'))).toEqual(['tfjs_binding.node']);
});

it('leaves a package that works as it is', async () => {
  const { folder, options, ran, said } = given({ installed: true });
  const { changed } = await installTensorflow(options);
  expect(changed).toBe(false);
  expect(ran).toHaveLength(1);
  expect(said()).toBe('');
  expect(readdirSync(folder)).toEqual([]);
});

it('takes the wheel with CUDA for tfjs-node-gpu, and that of arm64, and says that both are untested', async () => {
  const cuda = given();
  await installTensorflow({ ...cuda.options, gpu: true });
  expect(cuda.ran.find((line) => line.includes('--target'))).toMatch(
    /pip .*install .* tensorflow\[and-cuda\]==2\.18\.1$/,
  );
  expect(cuda.said()).toMatch(/CUDA is untested/);
  const arm = given();
  await installTensorflow({ ...arm.options, machine: { ...linux, arch: 'arm64' } });
  expect(arm.ran.find((line) => line.includes('download'))).toMatch(
    /manylinux2014_aarch64 .* tensorflow==2\.18\.1$/,
  );
  expect(arm.said()).toMatch(/arm64 is untested/);
});

it.each([
  ['pip', 'download'],
  ['unpacking', 'python3 -c'],
  ['the compiler', 'g++ -O2'],
])('leaves nothing half done when %s fails', async (_, broken) => {
  const { folder, options } = given({ broken });
  await expect(installTensorflow(options)).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
  const deps = join(folder, 'deps');
  expect(existsSync(deps) ? readdirSync(deps) : []).not.toContain('site-packages.partial');
  const lib = join(folder, 'lib', 'napi-v8');
  expect(existsSync(lib) ? readdirSync(lib) : []).toEqual([]);
});

it('names everything that is missing at once', async () => {
  const { options } = given({ broken: 'version' });
  await expect(installTensorflow(options)).rejects.toThrow(
    /cannot be installed yet: install g\+\+.*; install Python 3 with pip/,
  );
});

it.each([
  [{ platform: 'darwin', arch: 'arm64' }, /this is darwin-arm64: run npm rebuild/],
  [{ platform: 'linux', arch: 'x64' }, /linux-x64 without the GNU C library/],
  [{ platform: 'linux', arch: 'riscv64', glibc: '2.39' }, /this is linux-riscv64/],
] as const)('refuses a machine without a wheel: %o', async (machine, message) => {
  const { options, ran } = given();
  await expect(installTensorflow({ ...options, machine })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(message),
  });
  expect(ran).toHaveLength(1);
});

it('says what to install where there is no package', async () => {
  const { options } = given();
  const { folderOf: _, ...rest } = options;
  await expect(installTensorflow({ ...rest, gpu: true })).rejects.toThrow(
    'npm install --ignore-scripts @tensorflow/tfjs-node-gpu@4.22.0',
  );
});
