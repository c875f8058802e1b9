/**
 * What the weight of one block has in common with those of others: its name behind the number of the
 * block, without `.weight`. Spectrum (arXiv 2406.06623) ranks matrices within these types.
 *
 * ```ts
 * weightType('model.layers.0.mlp.down_proj.weight'); // 'mlp.down_proj'
 * ```
 *
 * @returns the whole name where it has no number, as in Spectrum's released code
 */
export function weightType(name: string): string {
  const parts = name.replace(/\.weight$/, '').split('.');
  const number = parts.findIndex((part) => /^\d+$/.test(part));
  return parts.slice(number + 1).join('.');
}
