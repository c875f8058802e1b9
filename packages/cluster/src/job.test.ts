import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobKey, type MatrixJob, parseJob } from './job.js';

const job: MatrixJob = {
  format: 1,
  tool: 'alphalora 1.0.0',
  model: 'hf://org/name@0123',
  content: 'sha256:aa',
  layout: 'bb',
  matrix: 'model.layers.0.self_attn.q_proj.weight',
  options: { estimator: 'hill', tail: 5, farms: { rows: 8, ratio: 1 } },
};

describe('the key of a job', () => {
  it('is the digest of the sorted facts', () => {
    // Written out by hand, and digested with another program: printf %s '...' | sha256sum
    expect(jobKey(job)).toBe('4e17aecf662cd17f2c4b74034dcc257fc4f8d862573ddfed7ff1d148e32ce9ca');
  });

  it('does not depend on the order of properties, nor on where the weights lie', () => {
    const turned = {
      ...(Object.fromEntries(Object.entries(job).reverse()) as unknown as MatrixJob),
      options: { farms: { ratio: 1, rows: 8 }, tail: 5, estimator: 'hill' },
      model: '/elsewhere',
    };
    expect(turned.options).toEqual(job.options);
    expect(jobKey(turned)).toBe(jobKey(job));
  });

  it('changes with everything else', () => {
    const others: MatrixJob[] = [
      { ...job, tool: 'alphalora 1.0.1' },
      { ...job, content: 'sha256:ab' },
      { ...job, layout: 'bc' },
      { ...job, matrix: 'another' },
      { ...job, options: { ...job.options, tail: 6 } },
      { ...job, options: { ...job.options, farms: { rows: 8, ratio: 2 } } },
      { ...job, options: {} },
    ];
    expect(new Set([job, ...others].map(jobKey)).size).toBe(others.length + 1);
  });

  it('survives the journey through JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (options, matrix) => {
        const any = { ...job, options, matrix };
        expect(jobKey(JSON.parse(JSON.stringify(any)))).toBe(jobKey(any));
      }),
    );
  });
});

describe('a job read from the server', () => {
  it('is taken when it is one', () => {
    expect(parseJob(JSON.parse(JSON.stringify(job)))).toEqual(job);
    expect(parseJob({ ...job, adapter: '/lora' })).toMatchObject({ adapter: '/lora' });
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'job'],
    ['no format', { ...job, format: undefined }],
    ['a format that is no number', { ...job, format: 'x' }],
    ['no matrix', { ...job, matrix: '' }],
    ['a model that is no text', { ...job, model: ['x'] }],
    ['an endless name', { ...job, matrix: 'x'.repeat(5000) }],
    ['options that are none', { ...job, options: [1] }],
    ['a field too many', { ...job, run: 'rm' }],
  ])('is refused: %s', (_, data) => {
    expect(() => parseJob(data)).toThrow(/not a job of this program/);
  });

  it('of another version of the protocol says so', () => {
    expect(() => parseJob({ ...job, format: 2, matrices: [] })).toThrow(
      'the job has format 2, but this worker knows format 1: use one version everywhere',
    );
  });

  it('is refused, or one, after any change', () => {
    const keys = [...Object.keys(job), 'adapter', 'extra'];
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
        try {
          const { options, adapter, ...texts } = parseJob({ ...job, [key]: value });
          expect(texts.format).toBe(1);
          for (const text of Object.values({ ...texts, format: 'x', ...(adapter && { adapter }) }))
            expect(text).toMatch(/./s);
          expect(Object.keys(options)).toBeDefined();
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_DOCUMENT' });
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
