/** `alphalora queue status`: how far a queue is, who works on it, and what has failed. */

import type { QueueStatus } from '@alphalora/cluster';
import { left, table } from '@alphalora/report/text';
import { loadCluster, queueAddress } from '../../../cluster/load.js';
import { type ExitCode, exitCodes, type Io } from '../../../io.js';
import { printableData } from '../../../output/printable.js';
import { writeResult } from '../../../output/result.js';
import type { QueueStatusOptions } from './command.js';

export async function run(
  queue: string,
  options: QueueStatusOptions,
  { stdout }: Io,
): Promise<ExitCode> {
  const cluster = await loadCluster();
  const status = await cluster.queueStatus(queueAddress(cluster, queue));
  writeResult(stdout, options, status, () => queueText(printableData(status)));
  return exitCodes.done;
}

function queueText(status: QueueStatus): string {
  const { queue, paused, workers, failures, warnings } = status;
  const { completed, failed, active, waiting, delayed } = status.counts;
  const all = completed + failed + active + waiting + delayed;
  const counts = [
    `${completed} of ${all} matrices done`,
    ...(active > 0 ? [`${active} being measured`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    ...(delayed > 0 ? [`${delayed} to be retried`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ];
  const sections = [
    `${queue}${paused ? ' (paused)' : ''}: ${counts.join(', ')}\n`,
    workers.length === 0 ? 'no workers\n' : table(workerColumns, workers.flatMap(workerRows)),
    ...(failures.length > 0 ? [table(failureColumns, failures.map(failureRow))] : []),
    ...warnings.map((warning) => `warning: the server: ${warning}\n`),
  ];
  return sections.join('\n');
}

const workerColumns = [left('worker'), left('measures'), { title: 'done' }];

function workerRows({ name, measuring }: QueueStatus['workers'][number]): string[][] {
  if (measuring.length === 0) return [[name, '', '']];
  return measuring.map(({ matrix, done }, i) => [
    i === 0 ? name : '',
    matrix,
    `${Math.floor(100 * done)} %`,
  ]);
}

const failureColumns = [left('failed'), { title: 'attempts' }, left('reason')];

function failureRow({ matrix, attempts, reason }: QueueStatus['failures'][number]): string[] {
  return [matrix, String(attempts), reason];
}
