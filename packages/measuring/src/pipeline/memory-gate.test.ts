import { describe, expect, it } from 'vitest';
import { memoryGate } from './memory-gate.js';

describe('memoryGate', () => {
  it('admits in order what fits, and the next when something is given back', async () => {
    const gate = memoryGate(10);
    const admitted: string[] = [];
    const enter = async (name: string, bytes: number) => {
      const release = await gate.acquire(bytes);
      admitted.push(name);
      return release;
    };
    const first = await enter('a', 6);
    const second = enter('b', 6);
    // Would fit beside the first, but waits its turn: large work must not starve.
    const third = enter('c', 2);
    await new Promise((resolve) => setTimeout(resolve));
    expect(admitted).toEqual(['a']);
    first();
    (await second)();
    (await third)();
    expect(admitted).toEqual(['a', 'b', 'c']);
  });

  it('lets those who wait give up', async () => {
    const gate = memoryGate(1);
    const release = await gate.acquire(1);
    const controller = new AbortController();
    const waiting = gate.acquire(1, controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    release();
    (await gate.acquire(1))();
  });
});
