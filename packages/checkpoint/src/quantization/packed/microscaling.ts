/** What the codes of microscaling formats stand for (OCP Microscaling Formats, version 1.0). */

/** Floats of four bits: sign, two bits of exponent, one of mantissa. */
export const E2M1: Float32Array = Float32Array.of(
  ...[0, 0.5, 1, 1.5, 2, 3, 4, 6],
  ...[-0, -0.5, -1, -1.5, -2, -3, -4, -6],
);

/** Powers of two; the last one is infinite, as 2 ** 128 is in float32. */
export const E8M0: Float32Array = Float32Array.from(
  { length: 256 },
  (_, code) => 2 ** (code - 127),
);
