/**
 * Connections to Redis or Valkey. The first one fails soon, with a message that helps; one that has
 * worked is taken up again for as long as it takes, and what was to be sent is sent then.
 */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { Redis } from 'ioredis';
import { formatQueueAddress, type QueueAddress } from './address.js';

const LONGEST_PAUSE_MS = 5000;

export interface ConnectionOptions {
  host: string;
  port: number;
  db: number;
  username?: string;
  password?: string;
  tls?: object;
  maxRetriesPerRequest: null;
  retryStrategy: (times: number) => number | null;
}

/** For BullMQ, which makes connections of its own. */
export function connectionOptions(address: QueueAddress): ConnectionOptions {
  const { host, port, tls, username, password, database } = address;
  return {
    host,
    port,
    db: database,
    ...defined({ username, password }),
    ...(tls && { tls: {} }),
    // Commands wait for the server to come back instead of failing.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 10), LONGEST_PAUSE_MS),
  };
}

/**
 * @param onNotice is told when the connection is lost and when it is back
 * @throws AlphaLoraError `IO_FAILED` when the server cannot be reached or refuses the credentials
 */
export async function connect(
  address: QueueAddress,
  onNotice: (text: string) => void = () => undefined,
): Promise<Redis> {
  const where = formatQueueAddress(address);
  const options = connectionOptions(address);
  let opened = false;
  const client = new Redis({
    ...options,
    lazyConnect: true,
    retryStrategy: (times) => (opened ? options.retryStrategy(times) : null),
  });
  let lastError: unknown;
  client.on('error', (error) => {
    lastError = error;
  });
  try {
    await client.connect();
    // Without credentials the connection stands, but nothing may be asked.
    await client.ping();
  } catch (error) {
    client.disconnect();
    throw refusal(where, lastError ?? error);
  }
  opened = true;
  let lost = false;
  client.on('close', () => {
    if (!lost && client.status !== 'end') onNotice(`lost the connection to ${where}, trying again`);
    lost = true;
  });
  client.on('ready', () => {
    if (lost) onNotice(`connected to ${where} again`);
    lost = false;
  });
  return client;
}

/** What about the server's settings endangers a run. */
export async function serverWarnings(client: Redis): Promise<string[]> {
  const facts = new Map<string, string>();
  for (const line of (await client.info()).split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) facts.set(line.slice(0, colon), line.slice(colon + 1));
  }
  const warnings: string[] = [];
  const policy = facts.get('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    warnings.push(
      `its maxmemory-policy is ${policy}, under which jobs may vanish: set it to noeviction`,
    );
  }
  if (facts.get('aof_enabled') === '0') {
    warnings.push('it keeps no append-only file: a restart may lose results; set appendonly yes');
  }
  return warnings;
}

function refusal(where: string, cause: unknown): AlphaLoraError {
  const said = cause instanceof Error ? cause.message || (cause as { code?: string }).code : cause;
  const denied = /NOAUTH|WRONGPASS|NOPERM|invalid password|ERR AUTH/i.test(String(said));
  const mend = denied
    ? 'set the password of the server (for the command line: REDIS_PASSWORD, REDIS_USERNAME)'
    : 'is the server running, and is it reachable from here?';
  return new AlphaLoraError('IO_FAILED', `cannot use the queue ${where}: ${said}; ${mend}`, {
    cause,
  });
}
