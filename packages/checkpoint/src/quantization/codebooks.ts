/**
 * Schemes whose codes are indices into tables of vectors, or lie in layouts that only their own programs read.
 * Their weights are listed, one for each matrix, and not measured.
 *
 *     VPTQ     indices, centroids.weight, weight_scale, ...    (github.com/microsoft/VPTQ, layers/vqlinear.py)
 *     AQLM     codes, codebooks, scales                        (github.com/Vahe1994/AQLM, inference.py)
 *     EXL2     q_weight, q_scale, q_groups, ...                (ExLlamaV2's convert.py)
 *     EXL3     trellis, suh, svh                               (ExLlamaV3)
 *     QuIP#    Qidxs, SU, SV                                   (github.com/Cornell-RelaxML/quip-sharp)
 *     Marlin   B, s, workspace                              (github.com/IST-DASLab/marlin)
 *     SpQR     dense_weights, row_offsets, ...                 (transformers/integrations/spqr.py)
 *     HIGGS    qweight of tables beside tables, tables2        (transformers/integrations/higgs.py)
 */
import { isObject } from '../json.js';
import type { ModelConfig } from '../naming/index.js';
import type { FileTensor } from '../tensors/file-tensor.js';
import { moduleAndParameter, type Scheme, type StoredModel } from './scheme.js';
import { sidesIn } from './settings.js';

interface Codebook {
  readonly title: string;
  /** The parameter that holds the codes, and those beside it by which the scheme is told. */
  readonly codes: string;
  readonly beside: readonly [string, ...string[]];
  /** Others that may be there. */
  readonly further: readonly string[];
  /**
   * [out, in] of the weight, where its parts or the configuration tell it.
   *
   * @param beside the shape of another part, by its name; empty where it is not there
   */
  shape?(codes: FileTensor, beside: (name: string) => readonly number[]): readonly number[];
}

const original = 'measure the original checkpoint, or one that was converted back to BF16';

const codebooks: readonly Codebook[] = [
  {
    title: 'VPTQ codebooks',
    codes: 'indices',
    beside: ['centroids.weight'],
    further: [
      ...['res_centroids.weight', 'outlier_indices', 'outlier_centroids.weight'],
      ...['weight_scale', 'weight_bias', 'perm', 'res_indices'],
    ],
  },
  {
    title: 'AQLM codebooks',
    codes: 'codes',
    beside: ['codebooks'],
    further: ['scales'],
    // [out / group, in / group, ...] codes of [..., out group, in group] vectors.
    shape: ({ shape: [rows = 0, columns = 0] }, beside) => {
      const [out = 1, inner = 1] = beside('codebooks').slice(-2);
      return [rows * out, columns * inner];
    },
  },
  {
    title: 'EXL2',
    codes: 'q_weight',
    beside: ['q_groups'],
    further: ['q_scale', 'q_scale_max', 'q_invperm', 'q_perm', 'q_group_map'],
    shape: ({ shape: [, rows = 0] }, beside) => [rows, ...beside('q_invperm')],
  },
  {
    title: 'EXL3',
    codes: 'trellis',
    beside: ['svh'],
    further: ['suh', 'su', 'sv', 'mcg', 'mul1'],
    // [in / 16, out / 16, ...] tiles.
    shape: ({ shape: [columns = 0, rows = 0] }) => [16 * rows, 16 * columns],
  },
  {
    title: 'QuIP# codebooks',
    codes: 'Qidxs',
    beside: ['SV'],
    further: ['SU', 'Wscale', 'codebook_id', 'fuse_scales'],
    shape: (_, beside) => [...beside('SV'), ...beside('SU')],
  },
  {
    title: 'GPTQ in the layout of Marlin kernels',
    codes: 'B',
    beside: ['s'],
    further: ['workspace'],
    // [in / 16, ...] tiles, and scales [groups, out].
    shape: ({ shape: [tiles = 0] }, beside) => [16 * tiles, beside('s').at(-1) ?? 1],
  },
  {
    title: 'SpQR',
    codes: 'dense_weights',
    beside: ['row_offsets'],
    further: ['col_vals', 'in_perm'],
  },
  {
    title: 'HIGGS codebooks',
    codes: 'qweight',
    beside: ['tables2'],
    further: ['tables', 'scales'],
  },
];

export const unreadableSchemes: readonly Scheme[] = codebooks.map((codebook) => ({
  name: codebook.title,
  codes: new RegExp(`^${codebook.codes}$`),
  find: (codes, model) => found(codebook, codes, model),
}));

function found(
  { title, beside, further, shape }: Codebook,
  codes: FileTensor,
  { get, settings }: StoredModel,
): ReturnType<Scheme['find']> {
  const [module] = moduleAndParameter(codes.name);
  const shapeOf = (name: string): readonly number[] => get(`${module}.${name}`)?.shape ?? [];
  const [first, ...others] = [...beside, ...further].map((name) => get(`${module}.${name}`));
  if (!first) return undefined;
  const parts = [codes, first, ...others.filter((part) => part !== undefined)];
  return {
    name: `${module}.weight`,
    quantization: title,
    parts: Object.fromEntries(parts.entries()),
    shape: saidShape(module, settings) ?? shape?.(codes, shapeOf) ?? codes.shape,
    dtype: 'F16',
    unreadable: `${title}: not dequantized here; ${original}`,
  };
}

/** [out, in], as VPTQ's configuration has it for each layer. */
function saidShape(module: string, settings: ModelConfig): readonly number[] | undefined {
  const layers = settings['config_for_layers'];
  const layer = isObject(layers) && Object.hasOwn(layers, module) ? layers[module] : undefined;
  if (!isObject(layer)) return undefined;
  return sidesIn([layer['out_features'], layer['in_features']]);
}
