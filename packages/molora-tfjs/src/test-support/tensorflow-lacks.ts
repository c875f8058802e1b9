/** In place of the tests on libtensorflow, where it is not installed. */
import { itUnless } from '@alphalora/testing/lacking';
import { tensorflowLacks } from './backend.js';

itUnless(await tensorflowLacks(), 'every test of a backend, on tensorflow', () => {
  throw new Error('it is installed, so the tests themselves run');
});
