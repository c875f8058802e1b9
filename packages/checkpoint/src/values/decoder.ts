/** What a decoder of stored elements is. */

export type Values = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/**
 * Decodes as many elements as `target` has: whole blocks, of types that are stored in blocks.
 *
 * @param bytes begins at a multiple of 8 of its buffer
 * @param target a Float64Array for `wide` types, else a Float32Array
 */
export type Decoder = (bytes: Uint8Array, target: Values) => void;
