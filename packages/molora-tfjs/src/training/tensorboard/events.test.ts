/** Bytes against published check values, and an event by hand. */
import { describe, expect, it } from 'vitest';
import { restartEvent, stepEvent, textEvent, versionEvent } from './events.js';
import { field } from './protobuf.js';
import { crc32c } from './record.js';

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('crc32c', () => {
  // The check value of the catalogue of parametrised CRCs, and RFC 3720, appendix B.4.
  it.each([
    [ascii('123456789'), 0xe3069283],
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])('of known bytes', (bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum);
  });
});

describe('fields', () => {
  it('are encoded as the documentation of protocol buffers has them', () => {
    expect(hex(field.integer(1, 150))).toBe('089601');
    expect(hex(field.text(2, 'testing'))).toBe('120774657374696e67');
    expect(hex(field.message(3, field.integer(1, 150)))).toBe('1a03089601');
    expect(hex(field.float(2, 1))).toBe('150000803f');
    expect(hex(field.double(1, 1))).toBe('09000000000000f03f');
    expect(hex(field.integer(2, 2 ** 40))).toBe('10808080808020');
  });
});

describe('events', () => {
  it('begin with the record that TensorFlow begins its files with', () => {
    // The first bytes of each file of `tf.summary.create_file_writer`: a length of 24 and its sum.
    const bytes = versionEvent(0);
    expect(hex(bytes.subarray(0, 12))).toBe('1800000000000000a37f4b22');
    expect(Buffer.from(bytes).includes('brain.Event:2')).toBe(true);
  });

  it('hold what a line of metrics.jsonl holds, under names with a group', () => {
    const text = Buffer.from(
      stepEvent(1, {
        ...{ step: 3, epoch: 1, loss: 2, learningRate: 0.1, gradientNorm: 4 },
        ...{ tokens: 5, targets: 4, evaluation: { loss: 6 }, tokensPerSecond: 7 },
      }),
    ).toString('latin1');
    const tags = text.match(/(train|validation)\/[a-z_]+/g);
    expect(tags).toEqual([
      ...['train/epoch', 'train/loss', 'train/learning_rate', 'train/gradient_norm'],
      ...['train/tokens', 'train/targets', 'train/tokens_per_second', 'validation/loss'],
    ]);
  });

  it('are framed by their length and end with a sum of their bytes', () => {
    for (const bytes of [restartEvent(1, 9), textEvent(1, 0, 'a', 'b')]) {
      const view = new DataView(bytes.buffer);
      expect(Number(view.getBigUint64(0, true)) + 16).toBe(bytes.length);
    }
  });
});
