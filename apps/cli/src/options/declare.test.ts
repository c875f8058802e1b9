import type { Command } from '@commander-js/extra-typings';
import { describe, expect, it } from 'vitest';
import { command, type OptionsOf } from './declare.js';
import { integer } from './parsers.js';

const sized = (given: Command) => given.option('--size <count>', 'how large', integer, 3);
const named = (given: Command) => given.option('--full-name <text>', 'what it is called');
const declared = () => command('show', sized, named).argument('<file>').option('--json', 'as JSON');

function shown(...args: string[]) {
  return declared().parse(['a.json', ...args], { from: 'user' });
}

describe('a declared command', () => {
  it('has the options of its groups in their order, and its own', () => {
    expect(declared().options.map(({ long }) => long)).toEqual(['--size', '--full-name', '--json']);
    expect(shown('--full-name', 'x', '--json').opts()).toEqual({
      size: 3,
      fullName: 'x',
      json: true,
    });
    expect(shown('--size', '4').args).toEqual(['a.json']);
  });

  it('types what its code is given, so that a name which is not declared does not compile', () => {
    const options: OptionsOf<typeof declared> = shown().opts();
    const size: number = options.size;
    const fullName: string | undefined = options.fullName;
    // @ts-expect-error: there may be none
    const certain: string = options.fullName;
    // @ts-expect-error: the option has another name
    const name = options.name;
    expect([size, fullName, certain, name]).toEqual([3, undefined, undefined, undefined]);
  });
});
