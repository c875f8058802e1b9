/** Plain data as an expression of Python. */

/** JSON and Python escape strings alike; what JSON leaves as it is, Python takes as it is. */
export function pythonOf(value: unknown, indent = ''): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const inner = `${indent}    `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((own) => pythonOf(own, inner))
    : Object.entries(value).map(([key, own]) => `${JSON.stringify(key)}: ${pythonOf(own, inner)}`);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  if (parts.length === 0) return open + close;
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join('')}${indent}${close}`;
}
