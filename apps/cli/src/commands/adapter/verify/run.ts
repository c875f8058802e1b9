/** `alphalora adapter verify`: whether a trained adapter has what an allocation asked for. */
import { openAdapter } from '@alphalora/checkpoint/node';
import {
  type AdapterComparison,
  compareAdapter,
  type ModulePortion,
} from '@alphalora/exporters/adapters';
import { count, left, table } from '@alphalora/report/text';
import { readDocument } from '../../../files/documents.js';
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { printableData, tell } from '../../../output/printable.js';
import { writeResult } from '../../../output/result.js';
import type { AdapterVerifyOptions } from './command.js';

export async function run(
  path: string,
  document: string,
  options: AdapterVerifyOptions,
  io: Io,
): Promise<ExitCode> {
  const { stdout, stderr, signal } = io;
  const allocation = await readDocument(document, 'allocation', io);
  const adapter = await openAdapter(path, { expert: 'each', signal });
  try {
    const { targets } = options;
    const found = compareAdapter(allocation, adapter, { ...(targets && { targets }) });
    writeResult(stdout, options, found, () => comparisonText(printableData(found)));
    const { differences } = found;
    if (differences.length === 0) return exitCodes.done;
    tell(stderr, `${path} is not as ${document} says in ${count(differences.length, 'module')}`);
    return exitCodes.crossed;
  } finally {
    await adapter.close();
  }
}

function comparisonText({ equal, differences }: AdapterComparison): string {
  if (differences.length === 0) return `${count(equal, 'module')} as allocated\n`;
  const rows = differences.map(({ module, allocated, trained }) => [
    module,
    allocated ? portionText(allocated) : 'not there',
    trained ? portionText(trained) : 'not there',
  ]);
  return `${table(['module', 'allocated', 'trained'].map(left), rows)}\n${count(equal, 'module')} as allocated\n`;
}

/** `rank 8`, `3 experts of rank 8`, `3 experts of ranks 8, 8, 4`. */
function portionText({ experts, ranks }: ModulePortion): string {
  if (experts === 0) return 'none';
  const same = ranks.every((rank) => rank === ranks[0]);
  const text = same ? `rank ${ranks[0]}` : `ranks ${ranks.join(', ')}`;
  return experts === 1 ? text : `${experts} experts of ${text}`;
}
