/** Every format gives in Chromium what it gives in Node. */
import { fileURLToPath } from 'node:url';
import type { Allocation } from '@alphalora/contracts';
import {
  allocationOf,
  analysisOf,
  llamaLike,
  measuredRow,
  projectionAllocation,
  selectionAllocation,
  valuesByProjection,
} from '@alphalora/documents/testing';
import { chromiumLacks, openSourcePage } from '@alphalora/testing/chromium';
import { itUnless } from '@alphalora/testing/lacking';
import { expect } from 'vitest';
import { exportDocument, exporters } from './index.js';

const ranks = projectionAllocation(
  'rank',
  llamaLike.map(([name, block, rank]) => [name, block, Math.max(1, rank)]),
);
const documents: Record<string, Allocation> = {
  mola: allocationOf([2, 3]),
  spectrum: selectionAllocation(llamaLike),
  transformers: valuesByProjection('learning-rate', llamaLike),
  gptqmodel: valuesByProjection('bits', [['model.layers.0.q_proj.weight', 0, 4]]),
  'llm-compressor': valuesByProjection('sparsity', [['model.layers.0.q_proj.weight', 0, 0.5]]),
};
const questions = [
  ...exporters.names().map((format) => ({
    format,
    document: documents[format] ?? ranks,
  })),
  { format: 'csv', document: analysisOf([measuredRow('h.0.q_proj.weight', 2.5)]) },
];

itUnless(chromiumLacks, 'every format in Chromium', async () => {
  const { page, close } = await openSourcePage(fileURLToPath(new URL('..', import.meta.url)));
  try {
    // Text, not a function: vitest rewrites imports in functions to its own.
    const found = await page.evaluate(`(async () => {
      const { exportDocument } = await import('/src/index.ts');
      const questions = ${JSON.stringify(questions)};
      return Promise.all(questions.map(({ document, format }) => exportDocument(document, format)));
    })()`);
    const expected = questions.map(({ document, format }) => exportDocument(document, format));
    expect(found).toEqual(await Promise.all(expected));
  } finally {
    await close();
  }
});
