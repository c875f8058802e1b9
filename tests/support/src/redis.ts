/** A real redis-server for tests: loopback, a free port, an append-only file, gone afterwards. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Lack } from './lacking.js';

const { status } = spawnSync('redis-server', ['--version']);

export const redisLacks: Lack = status === 0 ? undefined : 'redis-server is not installed';

export interface RedisServer {
  readonly port: number;
  /** Address of a queue on it. */
  url(name: string): string;
  /** Ends the server and starts it again on the same port and files. */
  restart(signal?: 'SIGTERM' | 'SIGKILL', pauseMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** @param settings further ones, as on the server's command line */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'alphalora-redis-'));
  const port = await freePort();
  const password = settings[settings.indexOf('--requirepass') + 1];
  const start = async (): Promise<ChildProcess> => {
    const server = spawn(
      'redis-server',
      [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
        ...['--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'],
        ...settings,
      ],
      { stdio: 'ignore' },
    );
    const client = new Redis({
      port,
      lazyConnect: true,
      retryStrategy: () => 50,
      ...(settings.includes('--requirepass') && { password: password! }),
    });
    client.on('error', () => undefined);
    await client.connect().catch(() => undefined);
    // Waits until the server answers.
    await client.ping();
    client.disconnect();
    return server;
  };
  let server = await start();
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, 'exit');
    server.kill(signal);
    await exit;
  };
  return {
    port,
    url: (name) => `redis://127.0.0.1:${port}/${name}`,
    async restart(signal = 'SIGTERM', pauseMs = 0) {
      await end(signal);
      await delay(pauseMs);
      server = await start();
    },
    async stop() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
