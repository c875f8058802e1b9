/** A user's strict TypeScript, compiled against the published types alone. */
import { allocate, layersOf, policies } from '@alphalora/allocator';
import { memorySource, readCheckpoint } from '@alphalora/checkpoint';
import { type Checkpoint, openCheckpoint } from '@alphalora/checkpoint/node';
import { type Allocation, type Analysis, isAlphaLoraError } from '@alphalora/contracts';
import type { Exporter, SpectralEngine } from '@alphalora/contracts/extensions';
import type { Matrix } from '@alphalora/contracts/weights';

import { parseAnalysis } from '@alphalora/documents';
import { exportDocument } from '@alphalora/exporters';
import { analyze, createReferenceEngine, estimators, weightFromValues } from '@alphalora/htsr-core';
import { type ReportDocuments, renderReport } from '@alphalora/report';
import { createWasmEngine } from '@alphalora/spectra-wasm';
import { createWasmEngine as createNodeEngine } from '@alphalora/spectra-wasm/node';

export const engines: readonly SpectralEngine[] = [
  createReferenceEngine(),
  createWasmEngine({ build: 'simd' }),
  createNodeEngine(),
];
const [engine = createWasmEngine()] = engines;

export async function open(model: string | Uint8Array): Promise<Checkpoint> {
  if (typeof model === 'string') return openCheckpoint(model);
  return readCheckpoint({ files: [memorySource(model, 'memory')] });
}

export async function largest(matrix: Matrix): Promise<number | undefined> {
  const values: Float64Array = await engine.singularValues(matrix, { precision: 'f64' });
  return values[0];
}

export async function plan(values: Float32Array): Promise<Allocation> {
  const weight = weightFromValues({ name: 'w', shape: [8, 8], block: 0, role: 'q_proj', values });
  const analysis: Analysis = await analyze([weight], {
    engine,
    estimator: await estimators.load('hill'),
    model: { source: 'memory', blocks: 1 },
    tool: { name: 'consumer', version: '1.0.0' },
  });
  const layers = layersOf(analysis);
  return allocate({ layers, policy: await policies.load('alphalora'), budget: { total: 4 } });
}

export function read(text: string): Analysis {
  return parseAnalysis(JSON.parse(text), 'analysis.json');
}

export function page(documents: ReportDocuments): string {
  return renderReport({ ...documents, tool: { name: 'consumer', version: '1.0.0' } });
}

export function explain(error: unknown): string {
  // @ts-expect-error: the set of codes is closed
  if (isAlphaLoraError(error, 'NO_SUCH_CODE')) return '';
  return isAlphaLoraError(error, 'INVALID_OPTION') ? String(error.details['estimator']) : '';
}

/** A format of one's own. */
const counts: Exporter<Allocation> = {
  name: 'counts',
  kinds: ['allocation'],
  units: ['experts'],
  export: ({ experts }) => ({ files: `${experts.join('\n')}\n`, notes: [] }),
};

export async function textOf(allocation: Allocation): Promise<string> {
  const { files } = await exportDocument(allocation, counts);
  return typeof files === 'string' ? files : Object.values(files).join('');
}
