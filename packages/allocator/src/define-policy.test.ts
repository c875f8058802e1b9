import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { allocate } from './allocate.js';
import { definePolicy } from './define-policy.js';
import { layersFromScores } from './layers.js';

describe('definePolicy', () => {
  const description = {
    name: 'steep',
    version: '1.0.0',
    apiVersion: 1,
    options: v.strictObject({ slope: v.optional(v.number(), 1) }),
    traits: { resources: ['experts'], answer: 'weights' },
  } as const;

  it('gives a policy whose options have the types of its schema', async () => {
    const policy = definePolicy({
      ...description,
      allocate: ({ layers, options }) => ({
        weights: layers.map(({ block }) => 1 + options.slope * block),
      }),
    });
    const request = { layers: layersFromScores([3, 3, 3]), policy, budget: { total: 12 } };
    // 1 : 2 : 3, and 1 : 3 : 5 rounded from 1.33, 4, 6.67.
    expect((await allocate(request)).experts).toEqual([2, 4, 6]);
    expect((await allocate({ ...request, options: { slope: 2 } })).experts).toEqual([1, 4, 7]);
  });

  it('freezes a copy', () => {
    const resources: ['experts'] = ['experts'];
    const traits = { resources, answer: 'weights' } as const;
    const policy = definePolicy({ ...description, traits, allocate: () => ({ weights: [] }) });
    expect([policy, policy.traits, policy.traits.resources].every(Object.isFrozen)).toBe(true);
    expect([traits, resources].some(Object.isFrozen)).toBe(false);
  });

  it('refuses misspelt fields and traits', () => {
    const allocate = () => ({ weights: [] });
    expect(() => definePolicy({ ...description, allocate, require: ['role'] } as never)).toThrow(
      /policy steep: there is no field "require"; it may have name, .*, requires,/,
    );
    const traits = { ...description.traits, monoton: 'increasing' };
    expect(() => definePolicy({ ...description, allocate, traits } as never)).toThrow(
      /policy steep: there is no trait "monoton"; it may have resources, answer, monotone,/,
    );
  });

  it('refuses at once what is none', () => {
    expect(() => definePolicy({ ...description, allocate: undefined as never })).toThrow(
      /policy steep: allocate must be a function, not undefined/,
    );
    const described = { ...description, allocate: () => ({ weights: [] }), describe: 'by depth' };
    expect(() => definePolicy(described as never)).toThrow(
      /policy steep: describe must be a function, not "by depth"/,
    );
  });
});
