/** Packed weights, as the programs of their formats dequantize them: `packed-weights.py` wrote them. */
import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { expectDequantized, type PackedCase } from '../../test-support/packed-weights.js';

const file = new URL('../../test-support/packed-weights.json', import.meta.url);
const cases: PackedCase[] = JSON.parse(readFileSync(file, 'utf8'));

describe('packed weights are what their program makes of them', () => {
  it.each(cases)('$name', expectDequantized);
});
