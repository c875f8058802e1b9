/** The identity of a model's weights, from the digests of what was measured. */
import type { Analysis } from '@alphalora/contracts';
import { listDigest } from './digest.js';

/** The document with `model.digest`: SHA-256 over lines `<digest or ->  <dtype> <shape> <name>`. */
export function withModelDigest(analysis: Analysis): Analysis {
  const lines = analysis.matrices.map(({ digest, dtype, shape, name }) =>
    [digest ?? '-', dtype, shape.join('x'), name].join('  '),
  );
  const model = { ...analysis.model, digest: `sha256:${listDigest(lines)}` };
  return { ...analysis, model };
}
