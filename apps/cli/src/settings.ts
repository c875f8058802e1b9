/** Options of policies as they are written on the command line: `key=value`. */

/** `beta=2.5` becomes `{ beta: 2.5 }`; what is no JSON stays text. @returns undefined for no setting */
export function parseSetting(text: string): Record<string, unknown> | undefined {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  return key === undefined || value === undefined ? undefined : { [key]: parsed(value) };
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
