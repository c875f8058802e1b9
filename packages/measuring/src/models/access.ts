/** How other threads reach files that are not on this machine, and count what arrives; plain data. */
import type { RemoteSettings } from './environment.js';

export interface ModelAccess {
  remote?: RemoteSettings;
  /** A BigInt64 that counts the bytes that arrive. */
  received?: SharedArrayBuffer;
}
