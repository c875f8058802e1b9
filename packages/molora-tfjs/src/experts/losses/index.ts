/** The auxiliary losses of routers by name. */
import { AlphaLoraError } from '@alphalora/contracts';
import { createReadyRegistry, type ReadyRegistry } from '@alphalora/contracts/extensions';
import * as tf from '@tensorflow/tfjs';
import { entropyLoss } from './entropy.js';
import { gateBalance } from './gate-balance.js';
import { loadBalance, pooledLoadBalance } from './load-balance.js';
import { mutualInformationLoss } from './mutual-information.js';
import { likeLoss, type RouterLoss } from './router-loss.js';

export const routerLosses: ReadyRegistry<RouterLoss> = createReadyRegistry<RouterLoss>(
  'router loss',
  {
    'load-balance': () => loadBalance,
    'pooled-load-balance': () => pooledLoadBalance,
    'gate-balance': () => gateBalance,
    'mutual-information': () => mutualInformationLoss,
    entropy: () => entropyLoss(1.1),
  },
);

export interface RouterLossRequest {
  readonly name: string;
  /**
   * Factor of the loss. Papers use 0.001 (load balance in MoLA, pooled load balance in MixLoRA), 0.5 (gate
   * balance in MoLE), 0.01 (entropy in DynMoLE).
   */
  readonly coefficient: number;
}

/**
 * A loss times its coefficient.
 *
 * @throws AlphaLoraError `NOT_FOUND` for an unknown name, `INVALID_OPTION` for a coefficient that is
 *   no finite number
 */
export function createRouterLoss({ name, coefficient }: RouterLossRequest): RouterLoss {
  const loss = routerLosses.get(name);
  if (!Number.isFinite(coefficient)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the coefficient of the router loss ${name} is ${coefficient}: give a number`,
      { details: { 'router loss': name } },
    );
  }
  return likeLoss(loss, (routings) =>
    tf.tidy(() => tf.mul<tf.Scalar>(loss(routings), coefficient)),
  );
}
