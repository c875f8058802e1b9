/** The conformance kits over all routers and losses there are. */
import { beforeAll, describe, inject, it } from 'vitest';
import { routerLosses } from '../experts/losses/index.js';
import { routers } from '../experts/routers/index.js';
import { useBackend } from '../test-support/backend.js';
import { describeRouter } from './check-router.js';
import { describeRouterLoss } from './check-router-loss.js';

beforeAll(() => useBackend(inject('backend')));

describe('built-in', () => {
  for (const name of routers.names()) describeRouter(routers.get(name), { describe, it });

  describe('with options', () => {
    describeRouter(routers.get('adaptive-shared'), { describe, it }, { tasks: 2 });
    describeRouter(routers.get('mole'), { describe, it }, { masked: [1] });
    describeRouter(routers.get('entropy'), { describe, it }, { threshold: 0.2, topP: 0.5 });
  });

  for (const name of routerLosses.names()) {
    describeRouterLoss(name, routerLosses.get(name), { describe, it });
  }
});
