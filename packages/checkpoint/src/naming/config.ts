/** Values of a parsed config.json, which nobody vouches for: what has the wrong type is not there. */

/** The parsed config.json of a model. */
export type ModelConfig = Readonly<Record<string, unknown>>;

/** Where multimodal models keep the settings of their text model; Qwen-Omni has one inside the other. */
const textConfigs = [
  ...['thinker_config', 'text_config', 'llm_config', 'language_config', 'lm_config'],
  ...['language_model_config', 'text_model_config'],
];

/** The settings of the text model, from the innermost of the models that hold it to the whole. */
function textSettings(config: ModelConfig): ModelConfig[] {
  const name = textConfigs.find((each) => nestedConfig(config, each) !== undefined);
  if (name === undefined) return [config];
  const { [name]: _, ...rest } = config;
  return [...textSettings(nestedConfig(config, name)!), rest];
}

/** Settings of a part of the model; undefined where there are none of that name. */
export function nestedConfig(config: ModelConfig, name: string): ModelConfig | undefined {
  const inner = config[name];
  const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
  return isObject ? (inner as ModelConfig) : undefined;
}

/** The settings of the text model where the model has others beside it. */
export function textConfig(config: ModelConfig): ModelConfig | undefined {
  const [inner] = textSettings(config);
  return inner === config ? undefined : inner;
}

/** A setting of the text model, or else of the whole. */
export function setting(config: ModelConfig, name: string): unknown {
  return textSettings(config)
    .map((settings) => settings[name])
    .find((value) => value !== undefined && value !== null);
}

/** The first of these settings that is a positive whole number. */
export function sizeSetting(config: ModelConfig, ...names: string[]): number | undefined {
  return names.map((name) => setting(config, name)).find(isSize);
}

export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
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
