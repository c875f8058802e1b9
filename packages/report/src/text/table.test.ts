import { describe, expect, it } from 'vitest';
import { table, tableWithin } from './table.js';

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

describe('a table in a terminal', () => {
  const columns = ['block', 'aaaa', 'bbbb', 'cccc'].map((title) => ({ title }));
  const rows = [['0', '1', '2', '3']];

  it('has parts that are no wider, each with the first column', () => {
    expect(tableWithin(17, columns, rows)).toBe(
      'block  aaaa  bbbb\n    0     1     2\n\nblock  cccc\n    0     3\n',
    );
    expect(tableWithin(16, columns, rows).split('\n\n')).toHaveLength(3);
  });

  it('is whole where there is room, or no terminal', () => {
    for (const width of [23, undefined])
      expect(tableWithin(width, columns, rows)).toBe(table(columns, rows));
  });

  it('has a column a part where even that is too wide', () => {
    expect(tableWithin(3, columns, rows).split('\n\n')).toHaveLength(3);
    expect(tableWithin(3, [columns[0]!], [['0']])).toBe('block\n    0\n');
  });
});
