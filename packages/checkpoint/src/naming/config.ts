/** Values of a parsed config.json, which nobody vouches for: what has the wrong type is not there. */

/** The parsed config.json of a model. */
export type ModelConfig = Readonly<Record<string, unknown>>;

/** A setting of the text model, which multimodal models keep in `text_config`. */
export function setting(config: ModelConfig, name: string): unknown {
  const text = config['text_config'];
  const inner = typeof text === 'object' && text !== null ? (text as ModelConfig)[name] : undefined;
  return inner ?? config[name];
}

/** The first of these settings that is a positive whole number. */
export function sizeSetting(config: ModelConfig, ...names: string[]): number | undefined {
  const isSize = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) > 0;
  return names.map((name) => setting(config, name)).find(isSize);
}

export function flagSetting(config: ModelConfig, name: string): boolean {
  return setting(config, name) === true;
}

/** The first of these settings that is a text. */
export function textSetting(config: ModelConfig, ...names: string[]): string | undefined {
  const isText = (value: unknown): value is string => typeof value === 'string';
  return names.map((name) => setting(config, name)).find(isText);
}

export function modelType(config: ModelConfig): string | undefined {
  return textSetting(config, 'model_type');
}
