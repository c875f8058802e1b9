/** Shapes of a decoder's linear maps, by its configuration alone. */
import type { DecoderConfig } from './config.js';
import type { ProjectionRole } from './names.js';

/** [inputs, outputs] of a linear map of a block, and whether it adds a bias. */
export function projectionShape(
  config: DecoderConfig,
  role: ProjectionRole,
): { shape: readonly [inputs: number, outputs: number]; bias: boolean } {
  const { hiddenSize, intermediateSize, biases } = config;
  const queries = config.heads * config.headSize;
  const keys = config.keyValueHeads * config.headSize;
  switch (role) {
    case 'q_proj':
      return { shape: [hiddenSize, queries], bias: biases.queryKeyValue };
    case 'k_proj':
    case 'v_proj':
      return { shape: [hiddenSize, keys], bias: biases.queryKeyValue };
    case 'o_proj':
      return { shape: [queries, hiddenSize], bias: biases.output };
    case 'down_proj':
      return { shape: [intermediateSize, hiddenSize], bias: biases.feedForward };
    default:
      return { shape: [hiddenSize, intermediateSize], bias: biases.feedForward };
  }
}
