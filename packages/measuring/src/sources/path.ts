/** Models and adapters on disk. */
import {
  type FileReference,
  fileSourceAgain,
  openAdapter,
  openCheckpoint,
} from '@alphalora/checkpoint/node';
import type { ModelSource } from './source.js';

export const path: ModelSource = {
  form: 'disk',
  connection: 'none',
  async open(model, { splitFused, adapter, signal }) {
    const given = { ...(adapter && { adapter }), ...(signal && { signal }) };
    return { checkpoint: await openCheckpoint(model, { splitFused, ...given }) };
  },
  openFile: (file) => fileSourceAgain(file as FileReference),
  openAdapter: (folder, { signal }) => openAdapter(folder, signal && { signal }),
};
