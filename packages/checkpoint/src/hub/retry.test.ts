import { describe, expect, it, vi } from 'vitest';
import { askedWait, PassingFailure, withRetries } from './retry.js';

const quick = { backoff: 0 };

describe('withRetries', () => {
  it('tries again after failures that pass, up to its number of attempts', async () => {
    let calls = 0;
    const failing = (times: number) => async () => {
      if (calls++ < times) throw new PassingFailure('busy');
      return 'done';
    };
    expect(await withRetries(failing(5), 'cannot', quick, undefined)).toBe('done');
    expect(calls).toBe(6);
    calls = 0;
    await expect(withRetries(failing(6), 'cannot read x', quick, undefined)).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: 'cannot read x: busy, 6 times in a row; check the connection and try again',
    });
    expect(calls).toBe(6);
  });

  it('does not count what comes after progress', async () => {
    let calls = 0;
    const operation = async (progressed: () => void): Promise<number> => {
      progressed();
      if (calls++ < 20) throw new PassingFailure('cut');
      return calls;
    };
    expect(await withRetries(operation, 'cannot', quick, undefined)).toBe(21);
  });

  it('passes other errors on at once', async () => {
    const operation = vi.fn(async () => {
      throw new RangeError('defect');
    });
    await expect(withRetries(operation, 'cannot', quick, undefined)).rejects.toThrow(RangeError);
    expect(operation).toHaveBeenCalledOnce();
  });

  it('waits twice as long each time, at most half a minute, and as long as it is asked to', async () => {
    vi.useFakeTimers();
    try {
      const waits: number[] = [];
      const asked = [undefined, undefined, 45_000, ...Array(8).fill(undefined)];
      const operation = async (): Promise<void> => {
        if (asked.length > 0) throw new PassingFailure('busy', { retryAfter: asked.shift() });
      };
      const options = { attempts: 12, random: () => 1, onWait: (wait: number) => waits.push(wait) };
      const result = withRetries(operation, 'cannot', options, undefined);
      await vi.runAllTimersAsync();
      await result;
      expect(waits.slice(0, 6)).toEqual([500, 1000, 45_000, 4000, 8000, 16_000]);
      expect(waits.slice(6)).toEqual(Array(5).fill(30_000));
    } finally {
      vi.useRealTimers();
    }
  });

  it('gives up when the server asks for more than it may', async () => {
    const operation = async (): Promise<void> => {
      throw new PassingFailure('hub answers 429', { retryAfter: 3_600_000 });
    };
    await expect(withRetries(operation, 'cannot read x', quick, undefined)).rejects.toThrow(
      'cannot read x: hub answers 429; the server wants 3600 s of pause: try again then',
    );
  });

  it('stops waiting when it is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const operation = async (): Promise<void> => {
      setTimeout(() => controller.abort(reason), 5);
      throw new PassingFailure('busy', { retryAfter: 60_000 });
    };
    await expect(withRetries(operation, 'cannot', quick, controller.signal)).rejects.toBe(reason);
  });
});

describe('the wait that a server asks for', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each<[Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ 'retry-after': '7' }, 7000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60_000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ ratelimit: '"api";r=0;t=55' }, 55_000],
    [{ ratelimit: '"api";r=10;t=55' }, undefined],
  ])('%o', (headers, wait) => {
    expect(askedWait(new Headers(headers), now)).toBe(wait);
  });
});
