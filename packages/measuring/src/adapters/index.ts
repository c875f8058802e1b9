/** Trained adapters: what they use of their ranks, and how few would do. */
export {
  type CompressedAdapter,
  type CompressionTarget,
  compressAdapter,
} from './compress.js';
export { type DescribedUpdate, describeUpdates } from './describe.js';
