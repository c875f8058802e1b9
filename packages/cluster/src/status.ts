/** What is on a queue, who works on it, and what has failed. */
import { type Job, Queue } from 'bullmq';
import { formatQueueAddress, type QueueAddress } from './address.js';
import { connect, serverWarnings } from './connection.js';
import { reasonInWords } from './reasons.js';

export interface QueueStatus {
  queue: string;
  /** Set through another tool; workers take nothing meanwhile. */
  paused: boolean;
  /** Jobs by state; `delayed` are those that wait for another attempt. */
  counts: { waiting: number; active: number; delayed: number; completed: number; failed: number };
  workers: WorkerStatus[];
  /** The latest first. */
  failures: { model: string; matrix: string; reason: string; attempts: number }[];
  /** Settings of the server that endanger a run. */
  warnings: string[];
}

export interface WorkerStatus {
  name: string;
  /** Where it is connected from. */
  address: string;
  /** Names of the matrices that it has, and how far they are, from 0 to 1. */
  measuring: { matrix: string; done: number }[];
}

/**
 * @param most failures and running jobs to list
 * @throws AlphaLoraError `IO_FAILED` when the server cannot be reached or refuses the credentials
 */
export async function queueStatus(
  address: QueueAddress,
  { most = 100 }: { most?: number } = {},
): Promise<QueueStatus> {
  const client = await connect(address);
  const queue = new Queue(address.name, { connection: client });
  queue.on('error', () => undefined);
  try {
    const { waiting, prioritized, ...counts } = await queue.getJobCounts(
      ...(['waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed'] as const),
    );
    const active = await queue.getActive(0, most - 1);
    const failed = await queue.getFailed(0, most - 1);
    return {
      queue: formatQueueAddress(address),
      paused: await queue.isPaused(),
      counts: {
        waiting: waiting! + prioritized!,
        ...(counts as Omit<QueueStatus['counts'], 'waiting'>),
      },
      workers: workersOf(await queue.getWorkers(), active),
      failures: failed.filter(Boolean).map(({ data, failedReason, attemptsMade }) => ({
        model: String(data?.model),
        matrix: String(data?.matrix),
        reason: reasonInWords(failedReason),
        attempts: attemptsMade,
      })),
      warnings: await serverWarnings(client),
    };
  } finally {
    await queue.close();
    client.disconnect();
  }
}

/** A worker has several connections of one name; servers that list none still name them in jobs. */
function workersOf(
  clients: readonly Record<string, string>[],
  active: readonly Job[],
): WorkerStatus[] {
  const workers = new Map<string, WorkerStatus>();
  const workerOf = (name: string, address: string): WorkerStatus => {
    const worker = workers.get(name) ?? { name, address, measuring: [] };
    workers.set(name, worker);
    return worker;
  };
  for (const { rawname, addr = '' } of clients) {
    const [, name = 'unnamed'] = /:w:(.*)$/s.exec(rawname ?? '') ?? [];
    workerOf(name, addr);
  }
  for (const { name: matrix, progress, processedBy = 'unnamed' } of active.filter(Boolean)) {
    const done = typeof progress === 'number' ? progress : 0;
    workerOf(processedBy, '').measuring.push({ matrix, done });
  }
  return [...workers.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
