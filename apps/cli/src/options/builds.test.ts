import { builds as known } from '@alphalora/measuring/engines';
import { expect, it } from 'vitest';
import { builds } from './measuring.js';

it('every build of every engine can be asked for', () => {
  expect(builds).toEqual(known);
});
