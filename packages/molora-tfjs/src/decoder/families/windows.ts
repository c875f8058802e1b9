/** Which blocks attend to a sliding window: by `layer_types`, or where there is none by the family's rule. */
import { type CommonSettings, invalid, type LayerType } from './settings.js';

/** @param isSliding the family's rule */
export function layerTypes(
  { layer_types, num_hidden_layers: blocks }: CommonSettings,
  isSliding: (block: number) => boolean,
): readonly LayerType[] {
  const types =
    layer_types ??
    Array.from({ length: blocks }, (_, block): LayerType => {
      return isSliding(block) ? 'sliding_attention' : 'full_attention';
    });
  if (types.length === blocks) return types;
  throw invalid(`layer_types has ${types.length} entries, for ${blocks} blocks`);
}

/** Of Qwen: the later blocks, where the file asks for it. */
export function windowsOfQwen(settings: CommonSettings): (block: number) => number | undefined {
  const { sliding_window = 4096, use_sliding_window, max_window_layers } = settings;
  if (!use_sliding_window || sliding_window === null) return () => undefined;
  const types = layerTypes(settings, (block) => block >= (max_window_layers ?? 28));
  return (block) => (types[block] === 'sliding_attention' ? sliding_window : undefined);
}
