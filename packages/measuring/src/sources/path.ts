/** Models and adapters on disk. */
import {
  type FileReference,
  fileSourceAgain,
  openAdapter,
  openCheckpoint,
} from '@alphalora/checkpoint/node';
import { defined } from '@alphalora/contracts';
import type { ModelSource } from './source.js';

export const path: ModelSource = {
  form: 'disk',
  connection: 'none',
  async open(model, { splitFused, cast, adapter, signal }) {
    const given = { splitFused, ...defined({ cast, adapter, signal }) };
    return { checkpoint: await openCheckpoint(model, given) };
  },
  openFile: (file) => fileSourceAgain(file as FileReference),
  openAdapter: (folder, { signal }) => openAdapter(folder, signal && { signal }),
};
