/** The schemes whose codes lie several to a byte or a word. */
import type { Scheme } from '../scheme.js';
import { awq } from './awq.js';
import { bitNet } from './bitnet.js';
import { bitsAndBytes } from './bitsandbytes.js';
import { compressedTensors } from './compressed-tensors.js';
import { gptq } from './gptq.js';
import { hqq } from './hqq.js';
import { mlx } from './mlx.js';
import { mxfp4 } from './mxfp4.js';

export const packedSchemes: readonly Scheme[] = [
  gptq,
  awq,
  bitsAndBytes,
  mlx,
  hqq,
  compressedTensors,
  mxfp4,
  bitNet,
];
