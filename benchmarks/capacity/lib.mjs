/** A Redis of one's own for a benchmark: a free port of loopback, every write kept (everysec). */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** @param use gets the address of a queue */
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

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
