/** What the benchmarks of the queue share: a Redis of their own, and the processor time of others. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A server on a free port of loopback that keeps every write (everysec).
 *
 * @param use gets the address of a queue
 */
export async function withQueue(use) {
  const folder = mkdtempSync(join(tmpdir(), 'alphalora-queue-'));
  const port = await freePort();
  const flags = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const redis = spawn('redis-server', [...flags, '--appendonly', 'yes', '--save', ''], {
    stdio: 'ignore',
  });
  try {
    await delay(1000);
    return await use(`redis://127.0.0.1:${port}/benchmark`);
  } finally {
    redis.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * User and system time of processes, all their threads, from the kernel's ticks of 10 ms. Other
 * programs on the machine lengthen the clock's seconds, but hardly these.
 */
export function processorSeconds(children) {
  return children
    .map(({ pid }) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' '))
    .reduce((sum, fields) => sum + (Number(fields[11]) + Number(fields[12])) / 100, 0);
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
