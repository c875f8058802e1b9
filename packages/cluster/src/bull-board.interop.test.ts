/**
 * The queue on Bull-board, which teams that run BullMQ have already: what its pages ask its API for.
 * The board is given a server that only keeps the routes, and the routes are called.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { describeUnless } from '@alphalora/testing/lacking';
import { redisLacks, startRedis } from '@alphalora/testing/redis';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { Queue } from 'bullmq';
import { expect, it } from 'vitest';
import { parseQueueAddress } from './address.js';
import { openCoordinator } from './coordinator.js';
import { jobKey, type MatrixJob } from './job.js';
import { startWorker } from './worker.js';

interface Route {
  method: string | string[];
  route: string | string[];
  handler: (request: object) => Promise<{ status?: number; body: unknown }>;
}

describeUnless(redisLacks, 'Bull-board', () => {
  it('lists the jobs with names, data, results and reasons, and retries one', async () => {
    const redis = await startRedis();
    const address = parseQueueAddress(redis.url('shown'));
    const asking = await openCoordinator({ address, retryDelay: 10 });
    const job = (matrix: string): MatrixJob => {
      const place = { model: '/m', content: 'c', layout: 'l' };
      return { format: 1, tool: 'test 1', ...place, matrix, options: {} };
    };
    let broken = true;
    const worker = await startWorker({
      address,
      async compute({ matrix }) {
        if (matrix === 'bad' && broken) throw new AlphaLoraError('NO_SPECTRUM', 'contains NaN');
        return { alpha: 2.5 };
      },
    });
    const queue = new Queue(address.name, { connection: { port: redis.port } });
    try {
      await asking.run(job('good'));
      await expect(asking.run(job('bad'))).rejects.toThrow('contains NaN');

      let routes: Route[] = [];
      let queues: unknown;
      const server: object = new Proxy(
        {},
        {
          get: (_, name) => (value: unknown) => {
            if (name === 'setApiRoutes') routes = value as Route[];
            if (name === 'setQueues') queues = value;
            return server;
          },
        },
      );
      createBullBoard({
        queues: [new BullMQAdapter(queue)],
        serverAdapter: server as never,
        options: { uiBasePath: '.', uiConfig: {} },
      });
      const call = async (method: string, path: string, request: object): Promise<never> => {
        const found = routes.find(
          ({ method: methods, route }) =>
            [methods].flat().includes(method) && [route].flat().includes(path),
        );
        const given = { queues, query: {}, params: {}, body: {}, headers: {}, ...request };
        const { status = 200, body } = await found!.handler(given);
        expect(status).toBeLessThan(300);
        return body as never;
      };

      interface Shown {
        queues: { name: string; counts: object; jobs: { id: string; name: string }[] }[];
      }
      const query = { activeQueue: address.name, status: 'failed', page: '1', jobsPerPage: '10' };
      const { queues: listed }: Shown = await call('get', '/api/queues', { query });
      const [only] = listed;
      expect(only).toMatchObject({ name: 'shown', counts: { completed: 1, failed: 1, active: 0 } });
      expect(only!.jobs).toMatchObject([
        { name: 'bad', failedReason: 'contains NaN', data: { model: '/m', matrix: 'bad' } },
      ]);

      broken = false;
      const params = { queueName: address.name, jobId: jobKey(job('bad')) };
      await call('put', '/api/queues/:queueName/:jobId/retry', { params });
      while ((await queue.getCompletedCount()) < 2) await new Promise((go) => setTimeout(go, 20));
      expect((await asking.run(job('bad'))).known).toBe(true);
    } finally {
      await Promise.all([queue.close(), asking.close(), worker.stop()]);
      await redis.stop();
    }
  });
});
