import { expect, it } from 'vitest';
import { bytes, duration, span } from './amounts.js';

it.each([
  [0.2, '1 s'],
  [59, '59 s'],
  [185, '3:05'],
  [7800, '2:10:00'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

it.each([
  [40_000, '0.0 MB'],
  [2_340_000, '2.3 MB'],
  [810_200_000, '810 MB'],
  [13_480_000_000, '13.5 GB'],
])('%d bytes are %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});

it.each([
  [0.3, 0.9, 'under 2 s'],
  [1.52, 2.4, 'about 1.5 to 2.4 s'],
  [8.6, 12.9, 'about 9 to 13 s'],
  [97, 104, 'about 97 to 100 s'],
  [240, 361, 'about 4 to 6 min'],
  [599, 601, 'about 10 min'],
  [6900, 9000, 'about 1.9 to 2.5 h'],
])('%d to %d seconds are %s', (least, most, text) => {
  expect(span({ least, most })).toBe(text);
});
