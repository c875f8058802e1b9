import { describe, expect, it } from 'vitest';
import { formatHubReference, isCommit, parseHubReference } from './reference.js';

const commit = '0123456789abcdef0123456789abcdef01234567';

describe('a reference to a model', () => {
  it.each([
    ['hf://org/name', 'org/name', 'main', ''],
    ['hf://org/name/', 'org/name', 'main', ''],
    ['hf://mistralai/Mistral-7B-v0.1', 'mistralai/Mistral-7B-v0.1', 'main', ''],
    ['hf://org/name@v1.0', 'org/name', 'v1.0', ''],
    [`hf://org/name@${commit}/a/b`, 'org/name', commit, 'a/b'],
    ['hf://org/name/sub/folder/', 'org/name', 'main', 'sub/folder'],
    ['hf://org/name@refs/pr/7/sub', 'org/name', 'refs/pr/7', 'sub'],
    ['hf://org/name@refs%2Fpr%2F7', 'org/name', 'refs/pr/7', ''],
    ['hf://org/name@feature%2Fx/sub', 'org/name', 'feature/x', 'sub'],
  ])('%s', (text, repository, revision, subfolder) => {
    const reference = parseHubReference(text);
    expect(reference).toEqual({ repository, revision, subfolder });
    expect(parseHubReference(formatHubReference(reference))).toEqual(reference);
  });

  it.each([
    ['org/name', /not a name on the hub/],
    ['hf://gpt2', /an organisation and a name/],
    ['hf:///name', /no name that the hub allows/],
    ['hf://org/', /an organisation and a name/],
    ['hf://org/name@', /an organisation and a name/],
    ['hf://datasets/org/name', /datasets hold no models/],
    ['hf://../etc', /no name that the hub allows/],
    ['hf://org/..', /no name that the hub allows/],
    ['hf://org/a--b', /no name that the hub allows/],
    ['hf://org/name@..', /no revision/],
    ['hf://org/name@a%2F..%2Fb', /no revision/],
    ['hf://org/name@%zz', /no revision/],
    ['hf://org/name@a b', /no revision/],
    ['hf://org/name/../other', /leads out of the repository/],
    ['hf://org/name/a//b', /leads out of the repository/],
  ])('is not %s', (text, message) => {
    expect(() => parseHubReference(text)).toThrow(message);
    expect(() => parseHubReference(text)).toThrow(/hf:\/\/org\/name@revision/);
  });

  it('is a commit when it has the digits of one', () => {
    expect(isCommit(commit)).toBe(true);
    for (const other of ['main', commit.slice(1), commit.toUpperCase()])
      expect(isCommit(other)).toBe(false);
  });
});
