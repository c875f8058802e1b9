import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { formatQueueAddress, parseQueueAddress } from './address.js';

describe('the address of a queue', () => {
  it.each([
    ['redis://host/run', { host: 'host', port: 6379, tls: false, database: 0, name: 'run' }],
    ['rediss://host:7000/a.b-c_1', { host: 'host', port: 7000, tls: true, name: 'a.b-c_1' }],
    ['redis://[::1]:7000/run', { host: '::1', port: 7000 }],
    ['redis://host/run?db=3', { database: 3 }],
    ['redis://ann:s%40t@host/run', { username: 'ann', password: 's@t' }],
    ['redis://:secret@host/run', { password: 'secret' }],
  ])('%s', (text, expected) => {
    expect(parseQueueAddress(text)).toMatchObject(expected);
  });

  it('takes credentials from beside it, where it has none', () => {
    const credentials = { username: 'bob', password: 'other' };
    expect(parseQueueAddress('redis://host/run', credentials)).toMatchObject(credentials);
    expect(parseQueueAddress('redis://ann:own@host/run', credentials)).toMatchObject({
      username: 'ann',
      password: 'own',
    });
    expect(parseQueueAddress('redis://host/run', { password: '' })).not.toHaveProperty('password');
  });

  it.each([
    ['host/run', /redis:\/\/host\/name/],
    ['http://host/run', /redis:\/\/host\/name/],
    ['redis:///run', /redis:\/\/host\/name/],
    ['redis://host', /must name the queue/],
    ['redis://host/a/b', /must name the queue/],
    ['redis://host/a:b', /must name the queue/],
    ['redis://host/run?db=x', /only \?db=/],
    ['redis://host/run?tls=no', /only \?db=/],
  ])('refuses %s', (text, message) => {
    expect(() => parseQueueAddress(text)).toThrow(message);
  });

  it('never repeats a password', () => {
    const address = parseQueueAddress('rediss://ann:hidden@[::1]:7000/run');
    expect(formatQueueAddress(address)).toBe('rediss://[::1]:7000/run');
    for (const bad of ['redis://ann:hidden@host', 'http://:hidden@host/x', '//a:hidden@b@c']) {
      try {
        parseQueueAddress(bad);
        expect.unreachable();
      } catch (error) {
        expect(isAlphaLoraError(error, 'INVALID_OPTION')).toBe(true);
        expect(String(error)).not.toContain('hidden');
      }
    }
  });
});
