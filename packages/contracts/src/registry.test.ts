import { describe, expect, it, vi } from 'vitest';
import { createReadyRegistry, createRegistry } from './registry.js';

describe('a registry', () => {
  it('loads a thing when it is asked for, and not before', async () => {
    const load = vi.fn(async () => 'the fruit');
    const fruits = createRegistry<string>('fruit', { apple: load });
    expect(fruits.names()).toEqual(['apple']);
    expect(fruits.has('apple')).toBe(true);
    expect(load).not.toHaveBeenCalled();
    expect(await fruits.load('apple')).toBe('the fruit');
  });

  it('names what there is when a name is unknown', async () => {
    const fruits = createRegistry<string>('fruit', { apple: () => 'a', pear: () => 'b' });
    await expect(fruits.load('plum')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'unknown fruit "plum": choose one of apple, pear',
      details: { fruit: 'plum' },
    });
  });

  it.each([
    ['PEFT', 'peft'],
    ['llama_factory', 'llama-factory'],
    ['axoltl', 'axolotl'],
    ['pfet', 'peft'],
    ['swift', 'ms-swift'],
  ])('suggests for %s the name %s', async (name, meant) => {
    const builtIn = {
      peft: () => 'a',
      axolotl: () => 'b',
      'ms-swift': () => 'c',
      'llama-factory': () => 'd',
    };
    await expect(createRegistry<string>('format', builtIn).load(name)).rejects.toThrow(
      `unknown format "${name}": did you mean ${meant}? choose one of peft, `,
    );
  });

  it.each(['toString', '__proto__', 'constructor', ''])('knows nothing of %j', async (name) => {
    const fruits = createRegistry<string>('fruit', { apple: () => 'a' }, { elsewhere: {} });
    expect(fruits.has(name)).toBe(false);
    await expect(fruits.load(name)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('lists and loads what was added', async () => {
    const fruits = createRegistry<string>('fruit', { apple: () => 'a' });
    fruits.add('quince', async () => 'q');
    expect(fruits.names()).toEqual(['apple', 'quince']);
    expect(await fruits.load('quince')).toBe('q');
  });

  it('does not let one thing hide another', () => {
    const fruits = createRegistry<string>('fruit', { apple: () => 'a' });
    expect(() => fruits.add('apple', () => 'b')).toThrow(
      'the name "apple" is taken by another fruit',
    );
  });

  it.each(['', 'two words', 'a,b', '-x', 'x\n'])('takes no name such as %j', (name) => {
    const fruits = createRegistry<string>('fruit', {});
    expect(() => fruits.add(name, () => 'b')).toThrow('cannot be the name of a new fruit');
  });

  it('can take several spellings for one name', async () => {
    const spelling = (name: string): string => name.toLowerCase();
    const fruits = createRegistry<string>('fruit', { Apple: () => 'a' }, { spelling });
    expect(await fruits.load('APPLE')).toBe('a');
    expect(() => fruits.add('aPPLE', () => 'b')).toThrow('the name "Apple" is taken');
  });

  it('tells where else a name is to be looked for', async () => {
    const elsewhere = { carrot: 'a carrot is no fruit' };
    const fruits = createRegistry<string>('fruit', { apple: () => 'a' }, { elsewhere });
    await expect(fruits.load('carrot')).rejects.toMatchObject({ message: 'a carrot is no fruit' });
  });
});

describe('a ready registry', () => {
  it('gives its things at once, those that were added too', async () => {
    const fruits = createReadyRegistry<string>('fruit', { apple: () => 'a' });
    fruits.add('quince', () => 'q');
    expect(fruits.get('quince')).toBe('q');
    expect(await fruits.load('apple')).toBe('a');
    expect(() => fruits.get('plum')).toThrow('unknown fruit "plum": choose one of apple, quince');
  });
});
