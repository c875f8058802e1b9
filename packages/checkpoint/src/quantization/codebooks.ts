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
import type { FileTensor } from '../tensors/file-tensor.js';
import { moduleAndParameter, type Scheme, type StoredModel } from './scheme.js';

interface Codebook {
  readonly title: string;
  /** The parameter that holds the codes, and those beside it by which the scheme is told. */
  readonly codes: string;
  readonly beside: readonly [string, ...string[]];
  /** Others that may be there. */
  readonly further: readonly string[];
  /** [out, in] of the weight, where the parts tell it. */
  shape?(codes: FileTensor, beside: FileTensor): readonly number[];
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
    shape: ({ shape: [rows = 0, columns = 0] }, { shape }) => [
      rows * (shape.at(-2) ?? 1),
      columns * (shape.at(-1) ?? 1),
    ],
  },
  {
    title: 'EXL2',
    codes: 'q_weight',
    beside: ['q_groups'],
    further: ['q_scale', 'q_scale_max', 'q_invperm', 'q_perm', 'q_group_map'],
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
  },
  {
    title: 'GPTQ in the layout of Marlin kernels',
    codes: 'B',
    beside: ['s'],
    further: ['workspace'],
    // [in / 16, ...] tiles, and scales [groups, out].
    shape: ({ shape: [tiles = 0] }, { shape }) => [16 * tiles, shape.at(-1) ?? 1],
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
  { get }: StoredModel,
): ReturnType<Scheme['find']> {
  const [module] = moduleAndParameter(codes.name);
  const [first, ...others] = [...beside, ...further].map((name) => get(`${module}.${name}`));
  if (!first) return undefined;
  const parts = [codes, first, ...others.filter((part) => part !== undefined)];
  return {
    name: `${module}.weight`,
    quantization: title,
    parts: Object.fromEntries(parts.entries()),
    shape: shape?.(codes, first) ?? codes.shape,
    dtype: 'F16',
    unreadable: `${title}: not dequantized here; ${original}`,
  };
}
