import { describeEngine } from '@alphalora/htsr-core/testing';
import { describe, it } from 'vitest';
import { engines } from './index.js';

describe.each(engines.names())('built-in engine %s', async (name) => {
  describeEngine(await engines.get(name).load('auto'), { describe, it });
});
