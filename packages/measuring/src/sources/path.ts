/** Models and adapters on disk. */
import {
  adviseOnHub,
  type FileReference,
  fileSourceAgain,
  filesOnDisk,
  openAdapter,
  openCheckpoint,
  statIfPresent,
} from '@alphalora/checkpoint/node';
import { defined } from '@alphalora/contracts';
import type { ModelSource } from './source.js';

export const path: ModelSource = {
  form: 'disk',
  connection: 'none',
  async open(model, { splitFused, cast, adapter, signal }) {
    const given = { splitFused, ...defined({ cast, adapter, signal }) };
    const open = () => openCheckpoint(model, given);
    return { checkpoint: await adviseOnHub(model, address, open) };
  },
  async onDisk(path) {
    // Of what is not there, opening tells what it might be.
    if (!(await statIfPresent(path))) await adviseOnHub(path, address, () => openCheckpoint(path));
    return { path, source: path };
  },
  openFile: (file) => fileSourceAgain(file as FileReference),
  openFolder: (path) => filesOnDisk(path),
  openAdapter: (folder, { signal }) =>
    adviseOnHub(folder, address, () => openAdapter(folder, signal && { signal })),
};

function address(name: string): string {
  return `if it is the name of one on the hub, give hf://${name}`;
}
