/** A model's matrices measured by many machines: one job each, on BullMQ with Redis or Valkey. */
export type { Credentials, QueueAddress } from './address.js';
export { formatQueueAddress, parseQueueAddress } from './address.js';
export type { Answer, Coordinator, CoordinatorOptions, RunControl } from './coordinator.js';
export { openCoordinator } from './coordinator.js';
export type { MatrixJob } from './job.js';
export { jobKey, parseJob } from './job.js';
export type { QueueStatus, WorkerStatus } from './status.js';
export { queueStatus } from './status.js';
export type {
  Compute,
  ComputeControl,
  QueueWorker,
  QueueWorkerOptions,
  WorkerEvent,
} from './worker.js';
export { startWorker } from './worker.js';
