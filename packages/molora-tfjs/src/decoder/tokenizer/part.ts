/** A part of tokenizer.json, and how one is refused. */

export type Part = Readonly<Record<string, unknown>>;

/** Something that this library cannot compute as the Rust library does; the message names it. */
export class UnsupportedPart extends Error {}

/** @param what names the part, after `tokenizer.json uses` */
export function refuse(what: string): never {
  throw new UnsupportedPart(what);
}
