/** Options of policies, estimators and the like in one line of text: `key=value`. */

/**
 * `beta=2.5` becomes `{ beta: 2.5 }`; what is not JSON stays text.
 *
 * @returns undefined where the text is no setting
 */
export function parseSetting(text: string): Record<string, unknown> | undefined {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  return key === undefined || value === undefined ? undefined : { [key]: parsed(value) };
}

/** As they would be written: `{ beta: 2.5 }` becomes `['beta=2.5']`. */
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
