/** Whether a folder is that of an adapter, and which of its files has the weights: by their names. */
import { extensions, indexOf, modelsCalled, weightsCalled } from '../formats/names.js';

export const ADAPTER_CONFIG = 'adapter_config.json';

interface AdapterFile {
  /** Without its extension. */
  readonly stem: string;
  readonly hasConfig: boolean;
}

/** What programs call the files of an adapter: PEFT, mlx-lm, diffusers. */
export const adapterFiles: readonly AdapterFile[] = [
  { stem: 'adapter_model', hasConfig: true },
  { stem: 'adapters', hasConfig: true },
  { stem: 'pytorch_lora_weights', hasConfig: false },
];

/** Whether the files are an adapter's, with no model beside them. */
export function holdsAdapter(names: readonly string[]): boolean {
  const isModel = extensions()
    .flatMap(modelsCalled)
    .some((model) => names.includes(model) || names.includes(indexOf(model)));
  return adapterIn(names) !== undefined && !isModel;
}

/** The file of an adapter, by its name; undefined also where its configuration is missing. */
export function adapterIn(names: readonly string[]): (AdapterFile & { file: string }) | undefined {
  for (const each of adapterFiles) {
    const file = weightsCalled(each.stem, names);
    if (file === undefined) continue;
    if (!each.hasConfig || names.includes(ADAPTER_CONFIG)) return { ...each, file };
  }
  return undefined;
}
