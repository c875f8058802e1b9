/**
 * What tfjs-node needs before it is imported, on any backend's side of TensorFlow.js: this module loads
 * none of it, so that programs can tell what is installed before they train.
 */
import util from 'node:util';

/**
 * Puts back two functions of `node:util` that tfjs-node 4.22 calls, which Node 23 removed and Node 22 warns
 * of, and silences the log of TensorFlow but for errors, unless `TF_CPP_MIN_LOG_LEVEL` is set.
 *
 *     prepareTfjsNode();
 *     await import('@tensorflow/tfjs-node');
 */
export function prepareTfjsNode(): void {
  const old = util as unknown as Record<string, unknown>;
  old['isNullOrUndefined'] = (value: unknown) => value === null || value === undefined;
  old['isArray'] = Array.isArray;
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
}
