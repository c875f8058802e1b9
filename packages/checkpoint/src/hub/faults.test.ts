/** Every fault of the emulator, one by one and in random sequences: the right bytes or a clear error. */
import { type AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fileOf } from '../test-support/adapters.js';
import { type Fault, type Hub, startHub } from '../test-support/hub.js';
import { encodeValues } from '../values/encode.js';
import { openHubCheckpoint, openUrlCheckpoint } from './index.js';

// Larger than what is read for the header, so that there is something left to read.
const SIDE = 512;
const name = 'model.layers.0.self_attn.q_proj.weight';
const values = Float32Array.from({ length: SIDE * SIDE }, (_, i) => Math.sin(i));
const file = fileOf([
  { name, shape: [SIDE, SIDE], dtype: 'F32', bytes: encodeValues(values, 'F32') },
]);

let hub: Hub;
beforeAll(async () => {
  hub = await startHub();
  await hub.put('demo/model/model.safetensors', file);
  await hub.put('demo/model/config.json', '{"architectures":["LlamaForCausalLM"]}');
});
afterAll(() => hub?.close());
beforeEach(async () => {
  await hub.faults();
  await hub.takeLog();
});

const options = { backoff: 1, timeout: 200 };
const open = () => openHubCheckpoint('hf://demo/model', { ...options, endpoint: hub.endpoint });

/** Opens without faults, then reads with them. */
async function readWith(...faults: Fault[]): Promise<unknown> {
  const { tensors } = await open();
  await hub.faults(...faults);
  await hub.takeLog();
  return tensors[0]!.read();
}

/** Element by element, which is quicker said of bytes. */
function expectValues(read: unknown): void {
  const { buffer, byteOffset, byteLength } = read as Float32Array;
  expect(Buffer.from(buffer, byteOffset, byteLength).equals(Buffer.from(values.buffer))).toBe(true);
}

const failure = (work: Promise<unknown>): Promise<AlphaLoraError> =>
  work.then(
    () => expect.fail('it should fail'),
    (error) => {
      expect(isAlphaLoraError(error), String(error)).toBe(true);
      return error;
    },
  );

const body = 1_000_000;

describe('what passes is got over', () => {
  it.each<[string, Fault]>([
    ['500', { on: 'files', kind: 'status', status: 500 }],
    [
      '503 with Retry-After',
      { on: 'files', kind: 'status', status: 503, headers: { 'retry-after': '0' } },
    ],
    ['429', { on: 'files', kind: 'status', status: 429 }],
    ['a dropped connection', { on: 'files', kind: 'drop' }],
    ['a connection cut in the middle', { on: 'files', kind: 'cut', bytes: body / 2 }],
    ['a connection cut after a few bytes', { on: 'files', kind: 'cut', bytes: 3 }],
    ['a body that ends early', { on: 'files', kind: 'short', bytes: body / 2 }],
    ['silence instead of an answer', { on: 'files', kind: 'hang' }],
    ['silence in the middle', { on: 'files', kind: 'stall', bytes: body / 2 }],
    ['slow bytes', { on: 'files', kind: 'slow', bytes: 50_000, ms: 5 }],
    ['a smaller range than asked for', { on: 'files', kind: 'fewer', bytes: 300_000 }],
    ['a tiny range', { on: 'files', kind: 'fewer', bytes: 2 }],
    ['401 of an old link', { on: 'files', kind: 'status', status: 401 }],
    ['403 of an old link', { on: 'files', kind: 'status', status: 403 }],
    ['404 of an old link', { on: 'files', kind: 'status', status: 404 }],
  ])('%s', async (_, fault) => {
    expectValues(await readWith(fault));
    expect((await hub.takeLog()).length).toBeLessThan(5);
  });

  it.each([500, 429, 408])('%i while the hub is asked', async (status) => {
    await hub.faults(
      { on: 'api', kind: 'status', status },
      { on: 'resolve', kind: 'status', status },
    );
    const { tensors } = await open();
    expectValues(await tensors[0]!.read());
  });

  it('and resumed at the byte', async () => {
    await readWith({ on: 'files', kind: 'cut', bytes: 400_000 });
    const [first, second] = (await hub.takeLog()).map(({ range }) => /(\d+)-(\d+)/.exec(range!)!);
    const [start, resumed] = [Number(first![1]), Number(second![1])];
    expect(resumed - start).toBeGreaterThan(0);
    expect(resumed - start).toBeLessThanOrEqual(400_000);
    expect(second![2]).toBe(first![2]);
  });

  it('and expired links are asked for again', async () => {
    const { tensors } = await open();
    await hub.expireLinks();
    await hub.takeLog();
    expectValues(await tensors[0]!.read());
    expect((await hub.takeLog()).map(({ origin }) => origin)).toEqual(['files', 'hub', 'files']);
  });

  it('but not for ever', async () => {
    const busy: Fault[] = Array.from({ length: 6 }, () => ({
      on: 'files',
      kind: 'status',
      status: 500,
    }));
    const { code, message } = await failure(readWith(...busy));
    expect(code).toBe('IO_FAILED');
    expect(message).toMatch(
      /^cannot read hf:\/\/demo\/model@\w+\/model.safetensors: 127.0.0.1:\d+ answers 500, 6 times in a row; check/,
    );
  });

  it('and not for a server that sends a few bytes at a time', async () => {
    const dripping: Fault[] = Array.from({ length: 6 }, () => ({
      on: 'files',
      kind: 'fewer',
      bytes: 100,
    }));
    expect((await failure(readWith(...dripping))).message).toMatch(
      /a few bytes at a time, 6 times/,
    );
  });

  it('nor longer than a server may ask for', async () => {
    const { message } = await failure(
      readWith({ on: 'files', kind: 'status', status: 429, headers: { 'retry-after': '9999' } }),
    );
    expect(message).toMatch(/answers 429; the server wants 9999 s of pause: try again then/);
  });
});

describe('what does not pass is a clear error', () => {
  const place = 'hf://demo/model@';
  it.each<[string, Fault, RegExp]>([
    ['416', { on: 'files', kind: 'status', status: 416 }, /changed while it was read/],
    ['a changed ETag', { on: 'files', kind: 'etag' }, /changed while it was read/],
    ['another total', { on: 'files', kind: 'size' }, /changed while it was read/],
    [
      'an ignored Range',
      { on: 'files', kind: 'ignore-range' },
      /sends whole files where a part is asked for; download/,
    ],
    [
      'another range',
      { on: 'files', kind: 'wrong-range' },
      /answers wrongly, with the range bytes \d+-\d+\/\d+ for bytes/,
    ],
    [
      'too many bytes',
      { on: 'files', kind: 'long', bytes: 1000 },
      /more than the \d+ bytes that it announced/,
    ],
    ['an encoding', { on: 'files', kind: 'encoding' }, /bytes in the encoding x-none/],
    ['an answer that no one expects', { on: 'files', kind: 'status', status: 418 }, /answers 418/],
  ])('%s', async (_, fault, message) => {
    const error = await failure(readWith(fault));
    expect(error.message.startsWith(place)).toBe(true);
    expect(error.message).toMatch(message);
    expect(error.code).toBe('IO_FAILED');
  });

  it.each<[string, Fault, RegExp]>([
    [
      'another digest than the one listed',
      { on: 'resolve', kind: 'etag' },
      /changed while it was read/,
    ],
    [
      'another size than the one listed',
      { on: 'resolve', kind: 'size' },
      /changed while it was read/,
    ],
    ['a refused link', { on: 'files', kind: 'status', status: 403 }, /answers 403/],
    ['redirects without end', { on: 'api', kind: 'redirect', to: '/' }, /more than 5 redirects/],
  ])('%s at the start', async (_, fault, message) => {
    const repeated = Array.from({ length: 7 }, () => fault);
    const loop = repeated.map((each) => ({
      ...each,
      ...(each.to && { on: 'any' as const, to: '/demo/model' }),
    }));
    // The configuration is a small file, which the hub sends itself.
    const config: Fault = { on: 'resolve', kind: 'pass' };
    await hub.faults(...(fault.on === 'resolve' ? [config] : []), ...loop);
    expect((await failure(open())).message).toMatch(message);
  });

  it('a flood is not read: the connection is left when its head has come', async () => {
    let received = 0;
    const { tensors } = await openHubCheckpoint('hf://demo/model', {
      ...options,
      endpoint: hub.endpoint,
      onBytes: (count) => {
        received += count;
      },
    });
    const before = received;
    await hub.faults({ on: 'files', kind: 'ignore-range' });
    await failure(tensors[0]!.read());
    expect(received - before).toBe(0);
  });

  it('a file that a server without ranges offers at an address', async () => {
    await hub.faults({ on: 'files', kind: 'ignore-range' });
    const address = `${hub.endpoint}/demo/model/resolve/main/model.safetensors`;
    expect((await failure(openUrlCheckpoint(address, options))).message).toMatch(
      /sends whole files/,
    );
  });

  it('a file that another one has taken the place of', async () => {
    const { tensors } = await openUrlCheckpoint(
      `${hub.endpoint}/demo/model/resolve/main/model.safetensors`,
      options,
    );
    await hub.faults({ on: 'files', kind: 'etag' });
    expect((await failure(tensors[0]!.read())).message).toMatch(/changed while it was read/);
  });
});

describe('when it is aborted', () => {
  it('stops with the reason, and asks for nothing more', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    let received = 0;
    const { tensors } = await openHubCheckpoint('hf://demo/model', {
      ...options,
      endpoint: hub.endpoint,
      onBytes(count) {
        received += count;
        // Once the reading has begun.
        if (received > 200_000) controller.abort(reason);
      },
    });
    await hub.faults({ on: 'files', kind: 'slow', bytes: 50_000, ms: 5 });
    await hub.takeLog();
    await expect(tensors[0]!.read(0, SIDE * SIDE, controller.signal)).rejects.toBe(reason);
    expect(await hub.takeLog()).toHaveLength(1);
    expect(received).toBeLessThan(file.byteLength);
  });

  it.each([[new Error('enough')], [new DOMException('enough', 'AbortError')], ['enough']])(
    'while the hub is asked, gives the reason whatever it is: %s',
    async (reason) => {
      const controller = new AbortController();
      const opening = openHubCheckpoint('hf://demo/model', {
        ...options,
        endpoint: hub.endpoint,
        signal: controller.signal,
        fetch: async (...request) => {
          const answer = await fetch(...request);
          controller.abort(reason);
          return answer;
        },
      });
      await expect(opening).rejects.toBe(reason);
    },
  );
});

describe('what has no end', () => {
  it('is a listing: it is given up after a number of pages', async () => {
    await hub.faults({ on: 'api', kind: 'pass' }, { on: 'api', kind: 'endless' });
    const { code, message } = await failure(open());
    expect(code).toBe('IO_FAILED');
    expect(message).toMatch(/^hf:\/\/demo\/model: the hub says more than 200 pages/);
    expect(await hub.takeLog()).toHaveLength(200);
  });

  it('is a page: it is given up after a number of bytes, over all pages', async () => {
    let sent = 0;
    let requests = 0;
    const page = new Uint8Array(1 << 20).fill(32);
    const opening = openHubCheckpoint(`hf://demo/model@${'0'.repeat(40)}`, {
      ...options,
      endpoint: hub.endpoint,
      fetch: async () => {
        requests++;
        let left = 5;
        const body = new ReadableStream<Uint8Array>({
          pull(controller) {
            if (left-- === 0) return controller.close();
            sent += page.byteLength;
            // White space before and after an empty list.
            controller.enqueue(left === 2 ? new TextEncoder().encode('[]') : page);
          },
        });
        return new Response(body, { headers: { link: `<${hub.endpoint}/next>; rel="next"` } });
      },
    });
    expect((await failure(opening)).message).toMatch(/says more than 32000000 bytes/);
    // Four of five pieces of a page count 1 MiB: the 31st goes over.
    expect(requests).toBe(8);
    expect(sent).toBeLessThan(42e6);
  });

  it('is a drip: a byte a second counts as silence', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let requests = 0;
    let sent = 0;
    const drip: typeof fetch = async (_, init) => {
      requests++;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          vi.advanceTimersByTime(1000);
          if (init!.signal!.aborted) return controller.error(init!.signal!.reason);
          sent++;
          controller.enqueue(new Uint8Array(1));
        },
      });
      const headers = { 'content-range': 'bytes 0-131071/1000000' };
      return new Response(body, { status: 206, headers });
    };
    try {
      const opening = openUrlCheckpoint('https://models.example/model.safetensors', {
        fetch: drip,
        attempts: 2,
        backoff: 1,
        timeout: 30_000,
      });
      expect((await failure(opening)).message).toMatch(
        /only 3\d bytes for 30 s, 2 times in a row; check/,
      );
      // As many bytes as the seconds that were waited, twice.
      expect(requests).toBe(2);
      expect(sent).toBeLessThan(80);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not a slow line: a few thousand bytes a second go on as long as they come', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let sent = 0;
    const slow = async (): Promise<Response> => {
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          vi.advanceTimersByTime(1000);
          const piece = file.subarray(sent, Math.min(sent + 2000, 131_072));
          sent += piece.byteLength;
          if (piece.byteLength === 0) controller.close();
          else controller.enqueue(piece);
        },
      });
      const headers = { 'content-range': `bytes 0-131071/${file.byteLength}` };
      return new Response(body, { status: 206, headers });
    };
    try {
      const { tensors } = await openUrlCheckpoint('https://models.example/model.safetensors', {
        fetch: slow,
        attempts: 1,
        timeout: 30_000,
      });
      expect(tensors).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

it('gives the right bytes or a clear error under any sequence of faults', async () => {
  const status = fc.constantFrom(401, 403, 404, 416, 429, 500, 503);
  const bytes = fc.integer({ min: 1, max: 1_200_000 });
  const fault: fc.Arbitrary<Fault> = fc.oneof(
    ...[
      fc.record({ kind: fc.constant('status'), status }),
      fc.record({ kind: fc.constantFrom('cut', 'short', 'fewer', 'long'), bytes }),
      fc.record({
        kind: fc.constantFrom(
          'drop',
          'ignore-range',
          'wrong-range',
          'etag',
          'size',
          'encoding',
          'pass',
        ),
      }),
      fc.record({ kind: fc.constant('stall'), bytes }),
    ].map((kinds) =>
      fc
        .tuple(fc.constantFrom('api', 'resolve', 'files', 'any'), kinds)
        .map(([on, kind]) => ({ on, ...kind }) as Fault),
    ),
  );
  let right = 0;
  let failed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 6 }), async (faults) => {
      await hub.faults(...faults);
      try {
        const { tensors } = await openHubCheckpoint('hf://demo/model', {
          endpoint: hub.endpoint,
          backoff: 1,
          timeout: 60,
        });
        expectValues(await tensors[0]!.read());
        right++;
      } catch (error) {
        if (!isAlphaLoraError(error)) throw error;
        expect(['IO_FAILED', 'NOT_FOUND']).toContain(error.code);
        expect(error.message).toMatch(/demo\/model/);
        expect(error.message).toMatch(/; \S|does not exist/);
        failed++;
      }
    }),
    { seed: 8, numRuns: 300 },
  );
  // Neither outcome is the only one.
  expect(Math.min(right, failed)).toBeGreaterThan(20);
}, 120_000);
