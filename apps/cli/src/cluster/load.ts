/** The cluster package, which only those install who use it. */
import { AlphaLoraError } from '@alphalora/contracts';

type Cluster = typeof import('@alphalora/cluster');

/** @throws AlphaLoraError `NOT_FOUND` saying how to install it */
export async function loadCluster(): Promise<Cluster> {
  try {
    return await import('@alphalora/cluster');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes('@alphalora/cluster')) throw cause;
    throw new AlphaLoraError(
      'NOT_FOUND',
      'queues need a package that is not installed: npm install -g @alphalora/cluster',
      { cause },
    );
  }
}

/** The address of a queue, with credentials from the environment. */
export function queueAddress(
  { parseQueueAddress }: Cluster,
  queue: string,
): ReturnType<Cluster['parseQueueAddress']> {
  const { REDIS_USERNAME: username, REDIS_PASSWORD: password } = process.env;
  return parseQueueAddress(queue, { username, password });
}
