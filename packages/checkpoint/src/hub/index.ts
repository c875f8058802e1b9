/** Checkpoints that are read over HTTP, from a hub or any address. Node and the browser. */
export type { Adapter } from '../adapter/adapter.js';
export type { Checkpoint } from '../checkpoint.js';
export { openUrlCheckpoint, type UrlOpenOptions } from './address.js';
export type { Credentials, Http, HttpOptions } from './exchange.js';
export type { HubOpenOptions, LocalFiles } from './open.js';
export {
  openHubAdapter,
  openHubCheckpoint,
  openHubFolder,
  remoteSourceAgain,
} from './open.js';
export type { RemoteReference } from './range-source.js';
export type { HubReference } from './reference.js';
export { formatHubReference, isCommit, isHubReference, parseHubReference } from './reference.js';
export type { HubFile, HubModel, HubOptions } from './repository.js';
export { resolveHubModel } from './repository.js';
export type { RetryOptions } from './retry.js';
