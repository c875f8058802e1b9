/** Whether a format knows its files, and reads what they hold. */

import { type Examination, forEachOf } from '@alphalora/contracts/testing';
import { elementTypes } from '@alphalora/contracts/weights';
import { safetensors } from '../formats/safetensors/format.js';
import { difference, open, type Subject } from './subject.js';

type Examine = Examination<Subject>;

const HEAD_BYTES = 512;

export const shape: Examine = ({ format, files }) => {
  const { name, extensions } = format;
  if (typeof name !== 'string' || !/^\S+$/.test(name)) {
    return { failed: `name must be a word, not ${JSON.stringify(name)}` };
  }
  if (!Array.isArray(extensions) || extensions.some((one) => !/^(\.[a-z0-9_]+)+$/.test(one))) {
    return {
      failed: `extensions must be such as ".${name}" in a list, not ${JSON.stringify(extensions)}`,
    };
  }
  if (typeof format.sniff !== 'function' || typeof format.read !== 'function') {
    return { failed: 'sniff and read must be functions' };
  }
  return files.length > 0 ? undefined : { failed: 'there is no file to try it on' };
};

export const ownFiles: Examine = ({ format, files }) =>
  forEachOf(files.entries(), ([at, { bytes }]) => {
    const known = format.sniff(bytes.slice(0, HEAD_BYTES));
    return known === true ? undefined : { failed: `of file ${at}, sniff says ${known}` };
  });

export const opens: Examine = (subject) =>
  forEachOf(subject.files.entries(), async ([at, { bytes }]) => {
    const { tensors, metadata } = await open(subject, bytes);
    const odd = tensors.find(({ dtype }) => !Object.hasOwn(elementTypes, dtype));
    if (odd)
      return { failed: `file ${at}: ${odd.name} is of ${odd.dtype}, which is no element type` };
    const texts = Object.values(metadata).every((value) => typeof value === 'string');
    return texts ? undefined : { failed: `file ${at}: metadata has values that are no texts` };
  });

export const values: Examine = (subject) =>
  forEachOf(subject.files.entries(), async ([at, file]) => {
    const fault = await difference(file, await open(subject, file.bytes));
    return fault === undefined ? undefined : { failed: `file ${at}: ${fault}` };
  });

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** What lies in folders of weights, or comes instead of them. */
const others: ReadonlyArray<readonly [what: string, head: Uint8Array]> = [
  ['an empty file', new Uint8Array()],
  ['zeros', new Uint8Array(HEAD_BYTES)],
  ['ones', new Uint8Array(HEAD_BYTES).fill(0xff)],
  ['a page of HTML', ascii('<!doctype html>\n<html lang="en"><title>Sign in</title>')],
  ['a file of JSON', ascii('{"architectures": ["LlamaForCausalLM"]}')],
  ['a text', ascii('version https://git-lfs.github.com/spec/v1\n')],
  ['an image', ascii('\x89PNG\r\n\x1a\n\0\0\0\rIHDR')],
  ['a program', ascii('\x7fELF\x02\x01\x01\0')],
  ['a compressed file', ascii('\x1f\x8b\x08\0\0\0\0\0')],
];

export const strangers: Examine = async ({ format, files }) => {
  const safetensorsHead = ascii(`\x02${'\0'.repeat(7)}{}`);
  const isSafetensors = files.some(({ bytes }) => safetensors.sniff(bytes.slice(0, HEAD_BYTES)));
  const strange = isSafetensors ? others : [...others, ['safetensors', safetensorsHead] as const];
  const taken = await forEachOf(strange, ([what, head]) =>
    format.sniff(head) === false ? undefined : { failed: `sniff takes ${what} for its own` },
  );
  if (taken) return taken;
  // Too short to be told: no error, whatever the answer.
  for (const { bytes } of files) {
    for (let end = 0; end < 16; end++) format.sniff(bytes.slice(0, end));
  }
  return undefined;
};
