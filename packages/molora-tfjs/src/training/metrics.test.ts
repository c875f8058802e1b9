import { describe, expect, it } from 'vitest';
import type { StepReport } from './callbacks.js';
import { formatMetrics, metricsLength, parseMetrics } from './metrics.js';

const report = (step: number): StepReport => ({
  step,
  steps: 9,
  epoch: step / 4,
  loss: 1 / step,
  learningRate: 0.1,
  gradientNorm: 2,
  tokens: 64,
  targets: 60,
  tokensPerSecond: 1000,
  secondsLeft: 3,
  ...(step === 2 && { evaluation: { loss: 0.7 } }),
});
const lines = [1, 2, 3].map((step) => formatMetrics(report(step)));
const text = lines.join('');

describe('metrics', () => {
  it('are one JSON object a line, with step and loss', () => {
    expect(text.split('\n').slice(0, 2)).toEqual([
      '{"step":1,"epoch":0.25,"loss":1,"learningRate":0.1,"gradientNorm":2,"tokens":64,"targets":60,"tokensPerSecond":1000}',
      '{"step":2,"epoch":0.5,"loss":0.5,"learningRate":0.1,"gradientNorm":2,"tokens":64,"targets":60,"evaluation":{"loss":0.7},"tokensPerSecond":1000}',
    ]);
    expect(parseMetrics(text).map(({ step, loss }) => [step, loss])).toEqual([
      [1, 1],
      [2, 0.5],
      [3, 1 / 3],
    ]);
  });

  it('are cut after the step that a run resumes from', () => {
    expect(text.slice(0, metricsLength(text, 2))).toBe(lines[0]! + lines[1]!);
    expect(metricsLength(text, 0)).toBe(0);
    expect(metricsLength(text, 9)).toBe(text.length);
    expect(metricsLength('', 3)).toBe(0);
  });

  it('survive a torn end, wherever it tears', () => {
    for (let end = 0; end < text.length; end++) {
      const torn = text.slice(0, end);
      const whole = torn.slice(0, torn.lastIndexOf('\n') + 1);
      expect(torn.slice(0, metricsLength(torn, 9))).toBe(whole);
    }
    expect(parseMetrics(text.slice(0, -3))).toHaveLength(2);
  });
});
