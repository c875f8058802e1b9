/** `alphalora adapter inspect`: what a trained adapter consists of, and how many of its ranks it uses. */
import { openAdapter } from '@alphalora/checkpoint/node';
import { defined } from '@alphalora/contracts';
import { describeUpdates } from '@alphalora/measuring/adapters';
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { tell } from '../../../output/printable.js';
import { writeResult } from '../../../output/result.js';
import type { AdapterInspectOptions } from './command.js';
import { adapterText } from './text.js';

export async function run(
  path: string,
  options: AdapterInspectOptions,
  { stdout, stderr, signal }: Io,
): Promise<ExitCode> {
  const adapter = await openAdapter(path, { expert: 'each', signal });
  try {
    const updates = await describeUpdates(adapter, { signal });
    const { source, format, base, mixture, notes } = adapter;
    const saved = adapter.saved.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
    const parameters = updates.reduce((sum, each) => sum + each.parameters, 0);
    const rslora = adapter.config?.['use_rslora'] === true;
    const found = {
      ...{ source, format, ...defined({ base, mixture }) },
      ...{ rslora, parameters, updates, saved, notes },
    };
    writeResult(stdout, options, found, () => adapterText(found, { all: options.all === true }));
    if (!options.json) for (const note of notes) tell(stderr, `note: ${note}`);
    return exitCodes.done;
  } finally {
    await adapter.close();
  }
}
