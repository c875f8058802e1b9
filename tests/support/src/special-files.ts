/** Files that are not regular, made in a test's own folder: never the system's own are touched. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Lack } from './lacking.js';

/** A named pipe. */
export function makePipe(path: string): string {
  execFileSync('mkfifo', [path]);
  return path;
}

/** A device that, like /dev/full, has no space for what is written to it. */
export function makeFullDevice(path: string): string {
  execFileSync('mknod', [path, 'c', '1', '7']);
  return path;
}

/** A device that, like /dev/null, takes everything. */
export function makeNullDevice(path: string): string {
  execFileSync('mknod', [path, 'c', '1', '3']);
  return path;
}

/** Whether devices can be made and opened in that folder. */
export function devicesLack(folder: string): Lack {
  const path = join(folder, 'probe');
  const made = spawnSync('sh', ['-c', 'mknod "$0" c 1 3 && echo > "$0" && rm "$0"', path]);
  return made.status === 0 ? undefined : 'mknod needs root and a file system with devices';
}
