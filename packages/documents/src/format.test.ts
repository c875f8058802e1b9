import { describe, expect, it } from 'vitest';
import { formatDocument } from './format.js';
import { analysisOf, failedRow, measuredRow, skippedRow } from './testing/index.js';

const analysis = analysisOf(
  [measuredRow('h.0.q_proj.weight', 3), failedRow('h.0.v_proj.weight'), skippedRow('norm.weight')],
  [{ alpha: 3 }],
);

describe('formatDocument', () => {
  // The tool has a name, too.
  it('writes JSON that reads back equal, a line per row', () => {
    const text = formatDocument(analysis);
    expect(JSON.parse(text)).toEqual(analysis);
    expect(text.split('\n').filter((line) => line.includes('"name":"')).length).toBe(4);
  });
});
