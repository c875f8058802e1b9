import { beforeAll } from 'vitest';
import { useBackend } from '../../test-support/backend.js';
import { routerLossesSuite } from '../../test-support/router-losses-suite.js';

beforeAll(() => useBackend('wasm'));
routerLossesSuite();
