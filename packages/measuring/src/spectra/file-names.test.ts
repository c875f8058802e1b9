import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spectrumFiles } from './file-names.js';

const filesOf = (...names: string[]): string[] => [...spectrumFiles(names).values()];

describe('names of files for matrices', () => {
  it('are those of the matrices where they can be', () => {
    expect(filesOf('model.layers.0.self_attn.q_proj.weight')).toEqual([
      'model.layers.0.self_attn.q_proj.weight.npy',
    ]);
  });

  it('do not leave the folder', () => {
    // The digests are those of sha256sum.
    expect(filesOf('../../etc/passwd', 'a/b', '.hidden', '')).toEqual([
      '_._.._etc_passwd-3754d6cb3a38.npy',
      'a_b-c14cddc033f6.npy',
      '_hidden-1692419006a8.npy',
      '_-e3b0c44298fc.npy',
    ]);
  });

  it('are apart for names that differ in case, or in what becomes one character', () => {
    const [upper, lower, one, two] = filesOf('W.weight', 'w.weight', 'w[q]', 'w q ');
    expect(upper).toMatch(/^W\.weight-[0-9a-f]{12}\.npy$/);
    expect(new Set([upper, lower, one, two]).size).toBe(4);
  });

  it('are apart for a name that looks like the file of another', () => {
    expect(new Set(filesOf('a/b', 'a_b-c14cddc033f6')).size).toBe(2);
  });

  it('are safe, short and unique for any names', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 300 })), (names) => {
        const files = [...spectrumFiles(names).values()].map((file) => file.toLowerCase());
        expect(new Set(files).size).toBe(names.length);
        for (const file of files) expect(file).toMatch(/^[\w-][\w.-]{0,200}\.npy$/);
      }),
    );
  });
});
