import { describeEngine } from '@alphalora/htsr-core/testing';
import { describeUnless } from '@alphalora/testing/lacking';
import { describe, it } from 'vitest';
import { nativeLacks } from '../test-support/native.js';
import { engines } from './index.js';

for (const name of engines.names()) {
  const engine = await engines.get(name).load('auto');
  describeUnless(name === 'native' ? nativeLacks : undefined, `built-in engine ${name}`, () => {
    describeEngine(engine, { describe, it });
  });
}
