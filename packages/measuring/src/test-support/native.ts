/** Whether the compiled engine is here. */
import { createNativeEngine } from '@alphalora/spectra-native';
import type { Lack } from '@alphalora/testing/lacking';

/** Why it is not, in its own words. */
export const nativeLacks: Lack = await createNativeEngine()
  .build?.()
  .then(
    () => undefined,
    (error: Error) => error.message,
  );
