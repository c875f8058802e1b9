/** all-MiniLM-L6-v2 against vectors that sentence-transformers made, see test-support/embeddings.py. */
import { readFileSync } from 'node:fs';
import { describeUnless } from '@alphalora/testing/lacking';
import { miniLm, miniLmLacks } from '@alphalora/testing/models';
import { beforeAll, expect, it } from 'vitest';
import { embed } from '../encoder/embed.js';
import { useBackend } from '../test-support/backend.js';
import { loadEncoder } from './load-encoder.js';

beforeAll(() => useBackend('wasm'));

describeUnless(miniLmLacks, 'all-MiniLM-L6-v2', () => {
  it("gives sentence-transformers' vectors", async () => {
    const golden = new URL('../test-support/embeddings.json', import.meta.url);
    const { texts, vectors } = JSON.parse(readFileSync(golden, 'utf8')) as {
      texts: string[];
      vectors: number[][];
    };
    const notes: string[] = [];
    const model = await loadEncoder(miniLm, { onNote: (note) => notes.push(note) });
    const found = await embed(model, texts, { batchSize: 3 });
    model.dispose();
    expect(notes).toEqual([]);
    // The last text is longer than the 256 tokens that count.
    expect(found.map(({ tokens }) => tokens > 256)).toEqual(
      texts.map((_, i) => i === texts.length - 1),
    );
    for (const [row, vector] of vectors.entries()) {
      expect(found[row]!.vector.length).toBe(384);
      for (const [i, value] of vector.entries())
        expect(Math.abs(found[row]!.vector[i]! - value)).toBeLessThan(1e-5);
    }
  });
});
