import { AlphaLoraError } from '@alphalora/contracts';
import type { AllocationPolicy, PolicyLayer, PolicyRequest } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { type AllocateOptions, allocate } from '../allocate.js';
import { layersFromScores } from '../layers.js';
import { policyRandom } from './random.js';

const layers = layersFromScores([1, 2, 3]);

// biome-ignore lint/suspicious/noExplicitAny: policies under test answer anything
type Answer = (request: PolicyRequest<any>) => any;

const plugin = (allocate: Answer, more: object = {}): AllocationPolicy => ({
  name: 'odd',
  version: '1.0.0',
  apiVersion: 1,
  traits: { resources: ['experts'], answer: 'weights' },
  allocate,
  ...more,
});

const run = (policy: AllocationPolicy, more: Partial<AllocateOptions> = {}) =>
  allocate({ layers, policy, budget: { total: 9 }, ...more });

const values = { traits: { resources: ['experts'], answer: 'values' } };

describe('bad plugins', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('boom');
      },
      /policy odd failed: boom/,
    ],
    [
      'rejects',
      async () => {
        throw new Error('boom');
      },
      /policy odd failed: boom/,
    ],
    [
      'throws a text',
      () => {
        throw 'boom';
      },
      /policy odd failed: boom/,
    ],
    [
      'throws nothing',
      () => {
        throw undefined;
      },
      /policy odd failed: undefined/,
    ],
    [
      'throws what has no text',
      () => {
        throw Object.create(null);
      },
      /it threw something that/,
    ],
    ['returns nothing', () => undefined, /must return \{ weights: \[one number for each of 3/],
    ['returns a list', () => [1, 2, 3], /there are none/],
    ['returns the other kind', () => ({ values: [3, 3, 3] }), /there are none/],
    ['returns too few', () => ({ weights: [1] }), /each of 3 layers\] \}, and there are 1 numbers/],
    ['returns too many', () => ({ weights: [1, 1, 1, 1] }), /there are 4 numbers/],
    [
      'returns NaN',
      () => ({ weights: [1, Number.NaN, 1] }),
      /finite .*, and block 1 has NaN; is a field misspelt\? A layer has index, block, score/,
    ],
    ['returns infinity', () => ({ weights: [1, 1, 1 / 0] }), /block 2 has Infinity/],
    ['returns less than nothing', () => ({ weights: [1, -1, 1] }), /block 1 has -1/],
    ['returns texts', () => ({ weights: ['1', '2', '3'] }), /block 0 has 1/],
    ['returns holes', () => ({ weights: new Array(3) }), /block 0 has undefined/],
    ['returns only zeros', () => ({ weights: [0, 0, 0] }), /a finite sum above zero, and it is 0/],
    ['returns too much', () => ({ weights: [1e308, 1e308, 1e308] }), /and it is Infinity/],
    [
      'changes the layers',
      ({ layers: given }: PolicyRequest) => {
        (given[0] as { score: number }).score = 9;
      },
      /policy odd failed: Cannot assign to read only/,
    ],
    [
      'changes their list',
      ({ layers: given }: PolicyRequest) => {
        (given as PolicyLayer[]).pop();
      },
      /policy odd failed: Cannot delete/,
    ],
    [
      'changes the budget',
      ({ budget }: PolicyRequest) => {
        (budget as { total: number }).total = 99;
      },
      /policy odd failed: Cannot assign/,
    ],
  ])('one that %s', async (_, answer, message) => {
    const asked = run(plugin(answer));
    await expect(asked).rejects.toThrow(message);
    await expect(asked).rejects.toMatchObject({
      code: 'POLICY_FAILED',
      details: { policy: 'odd' },
    });
    await expect(asked).rejects.toHaveProperty('cause');
  });

  it.each([
    ['fractions', [1.5, 3, 3], /values must be integers, and block 0 has 1.5/],
    ['less than the minimum', [0, 3, 3], /within the bounds 1 and Infinity, and block 0 has 0/],
    ['more than the total', [4, 3, 3], /exceed the budget of 9 \(experts, units\)/],
  ])('one whose quantities are %s', async (_, list, message) => {
    await expect(run(plugin(() => ({ values: list }), values))).rejects.toThrow(message);
  });

  it('one that takes its time is waited for, also without end', async () => {
    const policy = plugin(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { weights: [1, 1, 1] };
    });
    expect((await run(policy, { timeout: Number.MAX_SAFE_INTEGER })).experts).toEqual([3, 3, 3]);
  });

  it('one that never settles, whose signal tells it so', async () => {
    let signal: AbortSignal | undefined;
    const policy = plugin((request) => {
      signal = request.signal;
      return new Promise(() => {});
    });
    vi.useFakeTimers();
    try {
      const ended = vi.fn();
      const asked = run(policy, { timeout: 30 }).catch(ended);
      await vi.advanceTimersByTimeAsync(29);
      expect(ended).not.toHaveBeenCalled();
      expect(signal!.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      await asked;
      expect(ended.mock.calls[0]![0].message).toMatch(/policy odd gave no answer within 30 ms/);
      expect(signal!.aborted).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['apiVersion', { apiVersion: 2 }, /policy odd: apiVersion must be 1, .*, not 2/],
    ['name', { name: 'Not A Name' }, /name of a policy must be lower-case words/],
    ['version', { version: '' }, /version must be a text/],
    ['allocate', { allocate: 'later' }, /policy odd: allocate must be a function/],
    ['options', { options: { beta: 1 } }, /options must be a schema of the Standard Schema/],
    ['requires', { requires: ['luck'] }, /requires must be a list of shapes, variance, role/],
    ['traits', { traits: undefined }, /traits must be an object/],
    ['resources', { traits: { resources: ['gold'], answer: 'weights' } }, /traits.resources/],
    ['answer', { traits: { resources: ['experts'], answer: 'yes' } }, /traits.answer must be/],
    [
      'weights of',
      { traits: { resources: ['sparsity'], answer: 'weights' } },
      /values for sparsity/,
    ],
    [
      'monotone',
      { traits: { resources: ['rank'], answer: 'weights', monotone: 'up' } },
      /traits.monotone must be increasing or decreasing, not "up"/,
    ],
  ])('one with a wrong %s is named before it is asked', async (_, more, message) => {
    const asked = run(plugin(() => ({ weights: [1, 1, 1] }), more));
    await expect(asked).rejects.toThrow(message);
    await expect(asked).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  it('and what is no policy at all', async () => {
    await expect(run(undefined as never)).rejects.toThrow(/a policy must be an object/);
    await expect(run({ default: {} } as never)).rejects.toThrow(/name of a policy must be/);
  });
});

describe('errors of a policy on purpose', () => {
  it('keep their code, with the name of the policy', async () => {
    const code = 'INFEASIBLE_BUDGET';
    const own = new AlphaLoraError(code, 'there is no such number');
    const asked = run(
      plugin(() => {
        throw own;
      }),
    );
    await expect(asked).rejects.toMatchObject({
      code,
      cause: own,
      message: 'policy odd: there is no such number',
    });
    const named = new AlphaLoraError(code, 'odd has none');
    await expect(
      run(
        plugin(() => {
          throw named;
        }),
      ),
    ).rejects.toBe(named);
  });

  it('of other kinds are failures', async () => {
    const own = new AlphaLoraError('IO_FAILED', 'cannot read');
    await expect(
      run(
        plugin(() => {
          throw own;
        }),
      ),
    ).rejects.toMatchObject({ code: 'POLICY_FAILED' });
  });
});

describe('options', () => {
  const schema = (validate: (given: unknown) => unknown) => ({
    options: { '~standard': { version: 1, vendor: 'test', validate } },
  });
  const weights = () => ({ weights: [1, 1, 1] });

  it('reach the policy as its schema completes them, frozen, and the document', async () => {
    const seen: unknown[] = [];
    const policy = plugin(
      ({ options }) => {
        seen.push(options, Object.isFrozen(options), Object.isFrozen(options.list));
        return { weights: [1, 1, 1] };
      },
      { options: v.object({ list: v.array(v.number()), slope: v.optional(v.number(), 2) }) },
    );
    const given = { list: [1] };
    const made = await run(policy, { options: given });
    expect(seen).toEqual([{ list: [1], slope: 2 }, true, true]);
    expect(made.policy).toEqual({
      name: 'odd',
      version: '1.0.0',
      options: { list: [1], slope: 2 },
    });
    given.list.push(2);
    expect(Object.isFrozen(given)).toBe(false);
  });

  it('are quoted where the schema does not', async () => {
    const mute = schema(() => ({ issues: [{ message: 'no number', path: ['a'] }] }));
    await expect(run(plugin(weights, mute), { options: { a: '2,b=0' } })).rejects.toThrow(
      'policy odd, option a: no number (it is "2,b=0")',
    );
  });

  it('may be checked asynchronously, with any words and paths', async () => {
    const late = schema(async () => ({
      issues: [{ message: 'too steep', path: ['a', { key: 1 }] }],
    }));
    const asked = run(plugin(weights, late), { options: { a: [0, 1] } });
    await expect(asked).rejects.toThrow('policy odd, option a.1: too steep');
    await expect(asked).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    const silent = schema(() => ({ issues: [{ message: 'no' }] }));
    await expect(run(plugin(weights, silent))).rejects.toThrow('policy odd: no');
  });

  it('of a broken schema end in a failure', async () => {
    const broken = schema(() => {
      throw new Error('boom');
    });
    await expect(run(plugin(weights, broken))).rejects.toMatchObject({ code: 'POLICY_FAILED' });
    const silent = schema(() => undefined);
    await expect(run(plugin(weights, silent))).rejects.toMatchObject({ code: 'POLICY_FAILED' });
    const hanging = schema(() => new Promise(() => {}));
    await expect(run(plugin(weights, hanging), { timeout: 20 })).rejects.toThrow(/within 20 ms/);
  });

  it('are refused where there is no schema, or where they are no data', async () => {
    await expect(run(plugin(weights), { options: { beta: 1 } })).rejects.toThrow(
      /policy odd has no option "beta"/,
    );
    await expect(
      run(plugin(weights, { options: v.any() }), { options: { beta: () => 1 } }),
    ).rejects.toThrow(/options for policy odd are no plain data/);
  });
});

describe('the rule in words', () => {
  const even: Answer = ({ layers: all }) => ({ weights: all.map(() => 1) });

  it('has the options and the kind of the layers, and goes into the document', async () => {
    const policy = plugin(even, {
      options: v.object({ slope: v.optional(v.number(), 2) }),
      describe: ({ options, layer }: { options: { slope: number }; layer: string }) =>
        `by ${options.slope} per ${layer}`,
    });
    expect((await run(policy)).policy.rule).toBe('by 2 per block');
    expect((await run(plugin(even))).policy).not.toHaveProperty('rule');
  });

  it.each([
    ['throws', () => fail(), /policy odd failed: unable/],
    ['is a number', () => 3, /policy odd failed: describe must return one line/],
    ['is empty', () => '', /policy odd failed: describe must return one line/],
    ['has two lines', () => 'by\nit', /policy odd failed: describe must return one line/],
    ['is a promise', async () => 'by it', /policy odd failed: describe must return one line/],
  ])('that %s is a failure of the policy', async (_, describe, message) => {
    const failed = run(plugin(even, { describe }));
    await expect(failed).rejects.toMatchObject({ code: 'POLICY_FAILED' });
    await expect(failed).rejects.toThrow(message);
  });

  function fail(): never {
    throw new Error('unable');
  }
});

describe('facts', () => {
  it.each([
    ['shapes', /policy odd needs the shapes of every layer, and block 0 has none: an analysis/],
    ['variance', /the variance of every layer, .* an analysis with the metric norm/],
    ['role', /the role of every layer, .* per projection/],
  ])('%s that are missing are named with their layer and their source', async (fact, message) => {
    const policy = plugin(() => ({ weights: [1, 1, 1] }), { requires: [fact] });
    await expect(run(policy)).rejects.toThrow(message);
  });

  it('are what the contract says, and nothing else', async () => {
    const seen: PolicyLayer[] = [];
    const policy = plugin(({ layers: given }) => {
      seen.push(...given);
      return { weights: [1] };
    });
    const layer = {
      index: 7,
      block: 4,
      score: 2,
      inputs: 3,
      outputs: 5,
      parameters: 15,
      variance: 0.5,
      modules: [{ name: 'w', inputs: 3, outputs: 5 }],
    };
    await run(policy, { layers: [layer], rank: 2, budget: { total: 3 } });
    // 2 (3 + 5) + 3 trainable parameters of an expert of rank 2.
    const { modules: _, ...facts } = layer;
    expect(seen).toEqual([{ ...facts, index: 0, cost: 19, price: 1 }]);
  });

  it('that no policy can use: a resource that it is not for', async () => {
    await expect(
      run(
        plugin(() => ({ weights: [1, 1, 1] })),
        { budget: { unit: 'rank', total: 9 } },
      ),
    ).rejects.toThrow(/policy odd is for experts, not for rank/);
  });
});

describe('abort', () => {
  it('ends the wait with the reason of the caller', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let inner: AbortSignal | undefined;
    const policy = plugin(({ signal }) => {
      inner = signal;
      setTimeout(() => controller.abort(reason), 5);
      return new Promise(() => {});
    });
    await expect(run(policy, { signal: controller.signal })).rejects.toBe(reason);
    expect(inner!.aborted).toBe(true);
  });

  it('before the call leaves the policy alone', async () => {
    let calls = 0;
    const policy = plugin(() => {
      calls++;
      return { weights: [1, 1, 1] };
    });
    const signal = AbortSignal.abort(new Error('never'));
    await expect(run(policy, { signal })).rejects.toThrow('never');
    expect(calls).toBe(0);
  });
});

describe('random numbers', () => {
  const drawn = async (seed?: number) => {
    const policy = plugin(({ layers: given, random }) => ({ weights: given.map(random) }));
    const { blocks } = await run(policy, seed === undefined ? {} : { seed });
    return blocks.map(({ share }) => share);
  };

  it('depend on the seed alone', async () => {
    expect(await drawn(1)).toEqual(await drawn(1));
    expect(await drawn()).toEqual(await drawn(0));
    expect(await drawn(1)).not.toEqual(await drawn(2));
    expect(await drawn(1)).not.toEqual(await drawn(1 + 2 ** 32));
  });

  it('are uniform', () => {
    const random = policyRandom(5);
    const bins = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) bins[Math.floor(random() * 10)]!++;
    // Chi-squared with 9 degrees of freedom: above 27.9 in one of a thousand cases.
    expect(bins.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(27.9);
  });
});
