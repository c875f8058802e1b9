/**
 * The files of Spectrum (Hartford et al., arXiv 2406.06623), which Axolotl trains by.
 *
 * Of an analysis, `snr_results_<model>.json` as Spectrum's scanner writes it and Axolotl's plugin
 * (`axolotl.integrations.spectrum`) looks for it in its folder `model_snr_results`:
 *
 *     { "model.layers.0.mlp.down_proj": { "snr": 0.69, "type": "mlp.down_proj" }, ... }
 *
 * The plugin then takes the highest `spectrum_top_fraction` of each type itself. Of an allocation, the
 * list `unfrozen_parameters` of Axolotl's configuration: regular expressions that begin at the
 * beginning of a parameter's name (`re.match`), in which every dot stands for itself. As Spectrum has
 * it, the embeddings and the head come first, those that the model has.
 */
import { unwrappedName } from '@alphalora/checkpoint';
import { type Allocation, AlphaLoraError, type Analysis } from '@alphalora/contracts';
import type { Exported, Exporter } from '@alphalora/contracts/extensions';
import { weightType } from '@alphalora/documents/terms';
import { isPart } from '../shared/adapters.js';
import { yamlOf } from '../shared/yaml.js';

export const spectrum: Exporter = {
  name: 'spectrum',
  kinds: ['analysis', 'allocation'],
  extension: 'yaml',
  units: ['selection'],
  export: (document) =>
    document.kind === 'analysis' ? resultsOf(document) : parametersOf(document),
};

/** What Spectrum writes, whatever the model has. */
const usualTables = ['lm_head.weight', 'model.embed_tokens.weight'];

/** Of these and of other families, at the end of a name. */
const tables = /(^|\.)(lm_head|embed_out|embed_tokens|embed_in|word_embeddings|wte)\.weight$/;

function resultsOf({ model, matrices }: Analysis): Exported {
  const projections = matrices.filter(
    ({ block, kind = 'projection' }) => block !== undefined && kind === 'projection',
  );
  const whole = projections.filter(({ partOf }) => partOf === undefined);
  const entries = whole.flatMap((row) => {
    if (row.status !== 'ok' || row.metrics['snr'] === undefined) return [];
    const name = unwrappedName(row.name).replace(/\.weight$/, '');
    return [[name, { snr: row.metrics['snr'], type: weightType(name) }] as const];
  });
  if (entries.length === 0) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      'no projection of this analysis has the metric snr: ' +
        `alphalora analyze ${model.source} --metrics snr -o analysis.json measures it`,
    );
  }
  const name = model.source.replace(/^hf:\/\//, '').replace(/@[^@/]*$/, '');
  const parts = projections.length - whole.length;
  const without = whole.length - entries.length;
  const notes = [
    'Axolotl looks for the file in the folder model_snr_results where it is started, under its ' +
      `base_model or, where that is another name, its spectrum_model_name: ${name}`,
    ...(without > 0
      ? [`${without} of ${whole.length} projections have no finite snr and are left out`]
      : []),
    ...(parts > 0
      ? [`${parts} parts of fused projections are left out, as Spectrum ranks whole modules`]
      : []),
  ];
  const file = `snr_results_${slugOf(name)}.json`;
  return { files: { [file]: `${JSON.stringify(Object.fromEntries(entries), null, 4)}\n` }, notes };
}

/** As the plugin makes it; of paths also without what no name of a file has on every system. */
function slugOf(name: string): string {
  return name.replace(/[/_]/g, '-').replace(/[^\w.-]/g, '-');
}

function parametersOf(allocation: Allocation): Exported {
  const { projections, model } = allocation;
  if (!projections) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      'the format spectrum needs the names of the projections, and this allocation has none: ' +
        'run alphalora allocate on an analysis.json, which knows them, not on a file of scores',
    );
  }
  const names = projections.flatMap(({ name, value }) => (value === 1 ? [name] : []));
  const part = names.find(isPart);
  if (part !== undefined) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${JSON.stringify(part)} is a part of a stored tensor, and spectrum takes whole modules: ` +
        'allocate per block',
    );
  }
  if (names.length === 0) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      'no projection of this allocation is selected: there is nothing to train',
    );
  }
  const embeddings = model?.others?.map(unwrappedName).filter((name) => tables.test(name));
  const experts = names.filter((name) => /\.experts\.\d+\./.test(name)).length;
  const notes = [
    `${names.length} of ${projections.length} projections are trained; ${toldOf(embeddings)}`,
    ...(/ForConditionalGeneration$/.test(model?.architecture ?? '')
      ? [
          'the names are those of the checkpoint, and transformers holds the parts of such a model under others: ' +
            'compare the first with model.named_parameters()',
        ]
      : []),
    ...(experts > 0
      ? [
          `transformers 5 fuses the experts of a layer into one parameter, which none of the names of ${experts} experts here matches: they need transformers 4`,
        ]
      : []),
  ];
  const content = {
    unfrozen_parameters: [
      ...(embeddings ?? usualTables).map((name) => `^${escapedModule(name)}$`),
      ...names.map(patternOf),
    ],
  };
  return { files: yamlOf(content, notes), notes };
}

/** @param embeddings and the head, as far as the document says what the model has */
function toldOf(embeddings: readonly string[] | undefined): string {
  if (embeddings?.length === 0)
    return 'no embeddings or head are known by their names, and stay frozen';
  const beside = 'as with Spectrum, so are the embeddings and the head';
  if (embeddings === undefined) {
    return `${beside}, under the names that they have in models like Llama: take out the first two lines to freeze them`;
  }
  const lines = embeddings.length === 1 ? 'line' : `${embeddings.length} lines`;
  return `${beside}, as far as they are matrices of their own: take out the first ${lines} to freeze them`;
}

/** Of the module, so that its bias is trained too; dots as they are, since Axolotl escapes them. */
function patternOf(name: string): string {
  const own = unwrappedName(name);
  const module = escapedModule(own.replace(/\.weight$/, ''));
  return own.endsWith('.weight') ? `^${module}.(weight|bias)$` : `^${module}$`;
}

function escapedModule(name: string): string {
  return name.replace(/[\\^$*+?()[\]{}|]/g, '\\$&');
}
