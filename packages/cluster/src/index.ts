/** A model's matrices measured by many machines: one job each, on BullMQ with Redis or Valkey. */
export type { Credentials, QueueAddress } from './address.js';
export { formatQueueAddress, parseQueueAddress } from './address.js';
export type { Answer, Coordinator, CoordinatorOptions, RunControl } from './coordinator.js';
export { openCoordinator } from './coordinator.js';
export type { MatrixJob } from './job.js';
export { jobKey, parseJob } from './job.js';
export type { WorkerAnswer } from './measuring/answer.js';
export { answerCheck } from './measuring/answer.js';
export type { ComputingOptions } from './measuring/compute.js';
export type { QueuePipelineOptions } from './measuring/pipeline.js';
export { queuePipeline } from './measuring/pipeline.js';
export type { MeasuringWorkerOptions } from './measuring/worker.js';
export { startMeasuringWorker } from './measuring/worker.js';
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
