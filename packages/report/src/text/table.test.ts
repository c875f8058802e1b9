import { describe, expect, it } from 'vitest';
import { table } from './table.js';

describe('table', () => {
  it('pads columns, numbers to the right, without trailing blanks', () => {
    const text = table(
      [{ title: 'name', align: 'left' }, { title: 'n' }, { title: '', align: 'left' }],
      [
        ['a', '10', ''],
        ['long', '7', '##'],
      ],
    );
    expect(text).toBe('name   n\na     10\nlong   7  ##\n');
  });
});
