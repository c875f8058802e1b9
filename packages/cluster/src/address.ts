/**
 * Where a queue is: `redis://host[:port]/name`, or `rediss://` for TLS. The path is the name of the
 * queue, `?db=2` another database of the server than 0. Credentials are better passed beside the
 * address than in it: other users of a machine can read its command lines.
 */
import { AlphaLoraError } from '@alphalora/contracts';

export interface QueueAddress {
  host: string;
  port: number;
  /** Whether the connection is encrypted and the server's certificate checked. */
  tls: boolean;
  username?: string;
  password?: string;
  /** Index of the server's database. */
  database: number;
  /** Of the queue. */
  name: string;
}

export interface Credentials {
  username?: string | undefined;
  password?: string | undefined;
}

const DEFAULT_PORT = 6379;

/**
 * @param credentials used where the address has none
 * @throws AlphaLoraError `INVALID_OPTION` for another scheme, no host, or a name that is none; the
 *   message never holds a password
 */
export function parseQueueAddress(text: string, credentials: Credentials = {}): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    throw invalid(
      `a queue is redis://host/name, or rediss:// with TLS, not ${withoutSecret(text)}`,
    );
  }
  const name = decoded(url.pathname.slice(1));
  if (!/^[\w.-]{1,100}$/.test(name)) {
    throw invalid(
      `${withoutSecret(text)}: the path must name the queue, in letters, digits, ".", "-" and "_"`,
    );
  }
  const database = url.searchParams.get('db') ?? '0';
  const unknown = [...url.searchParams.keys()].find((key) => key !== 'db');
  if (unknown !== undefined || !/^\d{1,4}$/.test(database)) {
    throw invalid(`${withoutSecret(text)}: only ?db=<number> may follow the name of the queue`);
  }
  const username = decoded(url.username) || credentials.username;
  const password = decoded(url.password) || credentials.password;
  return {
    // Brackets belong to the notation of IPv6 addresses, not to the address.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    tls: url.protocol === 'rediss:',
    database: Number(database),
    name,
    ...(username && { username }),
    ...(password && { password }),
  };
}

/** The address for messages: no credentials. */
export function formatQueueAddress({ host, port, tls, name }: QueueAddress): string {
  const authority = host.includes(':') ? `[${host}]` : host;
  const explicit = port === DEFAULT_PORT ? '' : `:${port}`;
  return `${tls ? 'rediss' : 'redis'}://${authority}${explicit}/${name}`;
}

/** A stray % makes no escape. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What was typed, minus everything that may be a secret. */
function withoutSecret(text: string): string {
  return JSON.stringify(text.slice(0, 200).replace(/\/\/.*@/s, '//...@'));
}

function invalid(message: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_OPTION', message);
}
