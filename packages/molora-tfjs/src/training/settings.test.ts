import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { checkSettings, stepsPerEpoch, trainingSettings } from './settings.js';

describe('settings', () => {
  it('are those of the released runs where nothing is said', () => {
    expect(trainingSettings({ steps: 5000 }, 100)).toEqual({
      steps: 5000,
      batchSize: 8,
      microBatchSize: 8,
      learningRate: 3e-4,
      schedule: 'linear',
      warmupSteps: 100,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
      clipNorm: 1,
      groupByLength: true,
      seed: 10,
    });
  });

  it('warm up for a tenth of a short run', () => {
    expect(trainingSettings({ steps: 25 }, 100).warmupSteps).toBe(2);
    expect(trainingSettings({ steps: 5 }, 100).warmupSteps).toBe(0);
    expect(trainingSettings({ steps: 25, warmupSteps: 20 }, 100).warmupSteps).toBe(20);
  });

  it('count the steps of epochs', () => {
    // 103 sequences: 8 steps of 12 and one of 7.
    const sizes = { batchSize: 12, microBatchSize: 4 };
    expect(stepsPerEpoch(12, 103)).toBe(9);
    expect(trainingSettings({ epochs: 2, ...sizes }, 103).steps).toBe(18);
    expect(trainingSettings({ epochs: 0.5, ...sizes }, 103).steps).toBe(5);
  });

  it.each([
    [{ steps: 0 }, 'steps'],
    [{ steps: 1.5 }, 'steps'],
    [{ epochs: Number.NaN }, 'steps'],
    [{ steps: 9, batchSize: 8, microBatchSize: 3 }, 'multiple'],
    [{ steps: 9, warmupSteps: 9 }, 'warmupSteps'],
    [{ steps: 9, learningRate: 0 }, 'learningRate'],
    [{ steps: 9, learningRate: Number.POSITIVE_INFINITY }, 'learningRate'],
    [{ steps: 9, beta2: 1 }, 'beta2'],
    [{ steps: 9, clipNorm: 0 }, 'clipNorm'],
    [{ steps: 9, schedule: 'cosinus' as 'cosine' }, 'schedule'],
    [{ steps: 9, seed: 0.5 }, 'seed'],
    [{ steps: 9, lr: 1 } as { steps: number }, 'lr'],
  ] as const)('out of range are refused by name: %o', (options, name) => {
    expect(() => trainingSettings(options, 100)).toThrow(
      expect.toSatisfy(
        (error) => isAlphaLoraError(error, 'INVALID_OPTION') && error.message.includes(name),
      ),
    );
  });

  it('are checked when they come from a file', () => {
    const settings = trainingSettings({ steps: 10 }, 10);
    expect(checkSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
    expect(() => checkSettings({ ...settings, seed: 'ten' })).toThrow('seed');
    expect(() => checkSettings(null)).toThrow('training settings');
  });
});
