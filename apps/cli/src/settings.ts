/** Options of policies as they are written on the command line: `key=value`. */

/** `beta=2.5` becomes `{ beta: 2.5 }`; what is no JSON stays text. @returns undefined for no setting */
export function parseSetting(text: string): Record<string, unknown> | undefined {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  return key === undefined || value === undefined ? undefined : { [key]: parsed(value) };
}

/** As they would be written. */
export function formatSettings(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(settings).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
