/** A model that is open for as long as a command works on it. */
import { defined } from '@alphalora/contracts';
import { modelOnDisk, type OpenedModel, openModel, remoteSettings } from '@alphalora/measuring';
import type { Io } from '../io.js';
import type { MeasuringOptions, RemoteOptions } from '../options/measuring.js';
import { bytes } from '../output/amounts.js';
import { tell } from '../output/printable.js';
import { downloadLine } from '../output/progress.js';

type OpeningOptions = RemoteOptions &
  Pick<MeasuringOptions, 'adapter' | 'cast' | 'splitFused'> & { base?: string };

/** Opens a model for the time that `use` takes. */
export async function withModel<Result>(
  path: string,
  { splitFused, cast, adapter, base, offline, download }: OpeningOptions,
  { signal, stderr }: Io,
  use: (model: OpenedModel) => Promise<Result>,
): Promise<Result> {
  const line = downloadLine(stderr);
  const model = await openModel(path, {
    ...defined({ splitFused, cast, adapter, base, offline, download }),
    signal,
    onDownload: line.update,
    remote: () => remoteSettings(process.env),
    onNotice: (text) => {
      line.clear();
      tell(stderr, text);
    },
  }).finally(line.clear);
  try {
    return await use(model);
  } finally {
    await model.close();
  }
}

/** Says where a model lies that a command runs, after a download where it is needed. */
export function locateModel({ offline }: Pick<RemoteOptions, 'offline'>, { signal, stderr }: Io) {
  return async (model: string): Promise<{ path: string; source: string }> => {
    const line = downloadLine(stderr);
    return modelOnDisk(model, {
      ...defined({ offline }),
      signal,
      remote: () => remoteSettings(process.env),
      onStart: (start) =>
        tell(
          stderr,
          `downloading ${model} (${start.files} files, ${bytes(start.bytes)}) into ${start.folder}`,
        ),
      onDownload: line.update,
      onNotice: (text) => {
        line.clear();
        tell(stderr, text);
      },
    }).finally(line.clear);
  };
}
