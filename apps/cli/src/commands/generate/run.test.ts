/** Where the prompt comes from, before any model is read. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Io } from '../../io.js';
import type { GenerateOptions } from './command.js';
import { run } from './run.js';

const given = Object.getOwnPropertyDescriptor(process.stdin, 'isTTY');
afterEach(() => {
  if (given) Object.defineProperty(process.stdin, 'isTTY', given);
  else Reflect.deleteProperty(process.stdin, 'isTTY');
});

describe('generate without a prompt', () => {
  it('says on a terminal how one is given, instead of waiting', async () => {
    Object.defineProperty(process.stdin, 'isTTY', { value: true, configurable: true });
    const io = { signal: new AbortController().signal } as Io;
    await expect(run('nowhere', {} as GenerateOptions, io)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/no prompt: give --prompt "text", or pipe it in/),
    });
  });
});
