/** The formats that weights are read from. A further one is a file and a line here. */
import {
  type CheckpointFormat,
  createReadyRegistry,
  type ReadyRegistry,
} from '@alphalora/contracts/extensions';
import { gguf } from './gguf/format.js';
import { npy } from './numpy/npy.js';
import { npz } from './numpy/npz.js';
import { safetensors } from './safetensors/format.js';
import { torch } from './torch/format.js';

export const formats: ReadyRegistry<CheckpointFormat> = createReadyRegistry<CheckpointFormat>(
  'format of weights',
  {
    safetensors: () => safetensors,
    torch: () => torch,
    gguf: () => gguf,
    npz: () => npz,
    npy: () => npy,
  },
);

/** In the order in which they are asked. */
export function allFormats(): readonly CheckpointFormat[] {
  return formats.names().map((name) => formats.get(name));
}
