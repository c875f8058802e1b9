/** Options and arguments that are the same wherever they appear. */
import { Option } from '@commander-js/extra-typings';
import { headings } from './help.js';
import { collectSetting, decimal, positive } from './parsers.js';

/** `a, b or c`. */
export function oneOf(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].join(' or ');
}

export const modelHelp =
  'a .safetensors or .gguf file, a folder, hf://org/name[@revision][/subfolder] or https://...';
/** Named here, since the package that computes them need not be installed. */
const families =
  'Llama, Mistral, Mixtral, SmolLM3, OLMo 2, OLMoE, Qwen2, Qwen3, Qwen3-MoE, Phi-3, Gemma, Gemma 2, Gemma 3, GPT-2 and GPT-NeoX';
export const languageModelHelp = `a folder with a checkpoint (${families}) and its tokenizer, a .gguf file, or hf://org/name[@revision], which is downloaded`;
export const adapterHelp = 'the folder of a LoRA adapter, or its file';
export const policyHelp = 'a built-in name, a name in the configuration, a path or a package';
export const queueHelp =
  'redis://host/name, or rediss:// for TLS; REDIS_PASSWORD in the environment';

export const json = () =>
  new Option('--json', 'print one JSON document').helpGroup(headings.output);

export const dryRun = () =>
  new Option(
    '--dry-run',
    'show what would be measured and what it takes; measure nothing',
  ).helpGroup(headings.output);

export const jobs = () =>
  new Option(
    '--jobs <count>',
    'measure this many matrices at once (default: processors)',
  ).argParser(positive);

export const splitFused = () =>
  new Option('--split-fused', 'split fused projections (c_attn, qkv_proj, gate_up_proj)');

export const aggregate = () =>
  new Option(
    '--aggregate <how>',
    "combine a block's projections by this mean (default: the document's, or geometric with hill, mean with others)",
  ).choices(['mean', 'median', 'trimmed', 'geometric']);

export const cap = () =>
  new Option(
    '--cap <alpha>',
    "count larger alphas as this one in a block's score (default: the document's, or none)",
  ).argParser(decimal);

/** Settings of a policy. */
export const settings = () =>
  new Option('--set <key=value>', 'set an option of the policy, e.g. beta=2.5; may be repeated')
    .argParser(collectSetting)
    .default<Record<string, unknown>>({}, 'none');

/** One of several stacks of blocks. */
export const stack = () =>
  new Option(
    '--stack <name>',
    'use this stack of blocks instead of the main one; part of its name is enough',
  );

/** Scores beside the alphas of analyses. */
export const furtherScores = () =>
  new Option(
    '--scores <file>',
    'add scores beside alpha: a file by calibrate, or JSON or CSV; may be repeated',
  ).argParser((file: string, files: string[] | undefined) => [...(files ?? []), file]);

/** Of the checkpoints of a series. */
export const order = () =>
  new Option('--order <how>', 'order a series by name (step-900 before step-1000), or as given')
    .choices(['name', 'given'])
    .default('name');
