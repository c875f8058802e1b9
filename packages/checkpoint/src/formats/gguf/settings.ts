/** The metadata of a file as texts, as they are handed on, and the model's settings in them. */
import type { Metadata } from './metadata.js';

export type Settings = Readonly<Record<string, string>>;

/** Longer arrays are vocabularies, which belong to the tokenizer; a setting has a value for each block. */
const LONGEST_ARRAY = 1024;

/** Everything but the tokenizer's tables and the nested. */
export function settingsOf(metadata: Metadata): Settings {
  const settings: Array<[string, string]> = [];
  for (const [key, value] of metadata) {
    if (typeof value !== 'object') settings.push([key, String(value)]);
    else if (value.length <= LONGEST_ARRAY) {
      const values = value.values();
      if (values) settings.push([key, JSON.stringify(values)]);
    }
  }
  return Object.fromEntries(settings);
}

/** What the model's family is called, which the keys of its settings begin with. */
export function architectureIn(settings: Settings): string {
  return settings['general.architecture'] ?? '';
}

/**
 * A number among the settings of the model, e.g. `attention.head_count`; of one for each block, that of
 * the block, or the common one.
 */
export function numberIn(settings: Settings, name: string, block?: number): number | undefined {
  const text = settings[`${architectureIn(settings)}.${name}`];
  if (text === undefined) return undefined;
  const [, list] = /^\[([^[\]"]+)\]$/.exec(text) ?? [];
  if (list === undefined) return finite(text);
  const values = list.split(',');
  if (block !== undefined) return finite(values[block]);
  return values.every((value) => value === values[0]) ? finite(values[0]) : undefined;
}

function finite(text: string | undefined): number | undefined {
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}
