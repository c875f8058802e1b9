/**
 * The command line: names, options and help. What a command does is loaded when it is called, so
 * that `--help` stays quick.
 */
import { parseSetting, parseThreshold, resourceNames, type Threshold } from '@alphalora/documents';
import { exporters } from '@alphalora/exporters';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ExitCode, Io } from './io.js';
import { printable } from './output/printable.js';
import { toolVersion } from './version.js';

/** Aggregates, roundings and the like are spelled here for the help; their owners check them. */
export function createProgram(io: Io, finish: (code: ExitCode) => void): Command {
  const program = new Command('alphalora')
    .description('How many LoRA experts does each layer of a model need? Reads it off the weights.')
    .version(toolVersion(), '-V, --version')
    .showHelpAfterError('(--help lists the options)')
    .exitOverride()
    .hook('preAction', async (_, command) => {
      const { output, ...options } = command.opts();
      if (typeof output !== 'string') return;
      const named = [...command.args, ...Object.values(options).flat()];
      await (await import('./files.js')).protectInputs(
        output,
        named.filter((value) => typeof value === 'string'),
      );
    })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // What was typed stays on its line; a suggestion has one of its own.
      outputError: (text, write) => {
        const lines = text.trimEnd().split(/\n(?=\(Did you mean )/);
        write(`${lines.map(printable).join('\n')}\n`);
      },
    });

  remoteOptions(program.command('inspect'))
    .description('list the weights of a model; reads headers only')
    .argument('<model>', modelHelp)
    .option('--split-fused', splitFusedHelp)
    .option('--json', jsonHelp)
    .action(async (model, options) => {
      finish(await (await import('./commands/inspect.js')).inspect(model, options, io));
    });

  measuringOptions(program.command('analyze'))
    .description('measure the spectra of a model and fit their tails')
    .argument('<model>', modelHelp)
    .option('-o, --output <file>', 'write the analysis to a file; - is stdout')
    .option('--shard <i/n>', 'measure only the i-th of n parts; alphalora merge joins them')
    .option('--dry-run', 'list what would be measured, measure nothing')
    .action(async (model, options) => {
      finish(await (await import('./commands/analyze.js')).analyze(model, options, io));
    });

  budgetOptions(measuringOptions(program.command('allocate')))
    .description('decide how many experts, or how much else, each block or projection gets')
    .argument('[source]', 'an analysis.json (- is stdin), or a model to analyse first')
    .option('-o, --output <file>', 'write the allocation to a file; - is stdout')
    .action(async (source, options) => {
      finish(await (await import('./commands/allocate.js')).allocate(source, options, io));
    });

  budgetOptions(measuringOptions(program.command('plan')))
    .description('analyse, allocate and report in one go')
    .argument('[model]', modelHelp)
    .option('--demo', 'use the demo model that comes with the program')
    .option('-o, --output <folder>', 'folder for the documents and the report', 'alphalora-plan')
    .action(async (model, options) => {
      finish(await (await import('./commands/plan.js')).plan(model, options, io));
    });

  program
    .command('report')
    .description('one HTML page from an analysis, an allocation and a training run')
    .argument('<analysis>', 'analysis.json')
    .argument('[allocation]', 'allocation.json')
    .option('--metrics <file>', 'metrics.jsonl of a training run, for a chart of its loss')
    .requiredOption('-o, --output <file>', 'write the page to a file; - is stdout')
    .action(async (analysis, allocation, options) => {
      finish(
        await (await import('./commands/report.js')).report(analysis, allocation, options, io),
      );
    });

  program
    .command('merge')
    .description('join the parts that analyze --shard wrote')
    .argument('<part...>', 'analysis files')
    .option('-o, --output <file>', 'write the joined analysis to a file; - is stdout')
    .option('--json', jsonHelp)
    .action(async (parts, options) => {
      finish(await (await import('./commands/merge.js')).merge(parts, options, io));
    });

  resourceOptions(pluginOptions(program.command('compare')))
    .description('two analyses or two allocations side by side, or policies on one analysis')
    .argument('<document...>', 'two of a kind; with --policies one or more analyses of a model')
    .option('--policies <list>', 'e.g. alphalora,alphalora:beta=1,mola:shape=diamond,./own.mjs')
    // For who knows it from allocate.
    .addOption(new Option('--set <key=value>').hideHelp().argParser(refuseSetting))
    .addOption(aggregateOption())
    .option('--seed <number>', 'of policies that draw', integer, 0)
    .option('--top <count>', 'matrices with the largest changes to list', integer, 10)
    .option('--json', jsonHelp)
    .action(async (documents, options) => {
      finish(await (await import('./commands/compare.js')).compare(documents, options, io));
    });

  program
    .command('export')
    .description('write a document in the format of another program')
    .argument('<document>', 'an analysis.json or allocation.json')
    .requiredOption('--to <format>', exporters.names().join(', '))
    .option(
      '-o, --output <path>',
      'write to a file, - for stdout, or a folder for files with names of their own',
    )
    .action(async (document, options) => {
      finish(await (await import('./commands/export.js')).exportCommand(document, options, io));
    });

  queueCommands(program, io, finish);
  policyCommands(program.command('policy').description('allocation policies'), io, finish);

  trainingOptions(program.command('train'))
    .description('fine-tune a model with new experts, or train a gate over trained ones (MoLE)')
    .argument('<model>', 'a folder with a checkpoint and its tokenizer')
    .option('--allocation <file>', 'allocation.json of experts or ranks: train these experts')
    .option('--experts <folder...>', 'trained LoRA adapters, also of PEFT: train a gate over them')
    .requiredOption('-o, --output <folder>', 'folder for the adapter and the metrics')
    .action(async (model, options) => {
      finish(await (await import('./commands/train.js')).train(model, options, io));
    });

  backendOption(taskOptions(program.command('evaluate')))
    .description('score a model, with or without an adapter, on a task')
    .argument('<model>', 'a folder with a checkpoint and its tokenizer')
    .option('--adapter <folder>', 'a trained adapter, or one of PEFT')
    .addOption(
      new Option('--split <name>', 'of the data')
        .choices(['train', 'validation', 'test'])
        .default('test'),
    )
    .addOption(
      new Option('--scoring <how>', 'default: likelihood where there are options').choices([
        'generation',
        'likelihood',
      ]),
    )
    .option('--max-tokens <count>', 'most that is generated for an answer', positive, 64)
    .option('--json', jsonHelp)
    .action(async (model, options) => {
      finish(await (await import('./commands/evaluate.js')).evaluate(model, options, io));
    });

  backendOption(program.command('generate'))
    .description('go on with a text')
    .argument('<model>', 'a folder with a checkpoint and its tokenizer')
    .requiredOption('--prompt <text>', 'what to go on with')
    .option('--adapter <folder>', 'a trained adapter, or one of PEFT')
    .option('--max-tokens <count>', 'most that is added', positive, 128)
    .option('--temperature <number>', '0 takes the likeliest token', decimal, 0)
    .option('--top-p <share>', 'of the probability that is drawn from', decimal, 1)
    .option('--seed <number>', 'of the draws', integer, 0)
    .option('--json', jsonHelp)
    .action(async (model, options) => {
      finish(await (await import('./commands/generate.js')).generate(model, options, io));
    });

  program
    .command('schema')
    .description('print the JSON Schema of a document')
    .argument('<document>', 'analysis or allocation')
    .action(async (document) => {
      finish((await import('./commands/schema.js')).schema(document, io));
    });

  program
    .command('doctor')
    .description('show what this machine offers')
    .option('--json', jsonHelp)
    .action(async (options) => {
      finish(await (await import('./commands/doctor.js')).doctor(options, io));
    });

  return program;
}

function queueCommands(program: Command, io: Io, finish: (code: ExitCode) => void): void {
  program
    .command('worker')
    .description('measure matrices for analyze --queue on other machines, until stopped')
    .argument('<queue>', queueHelp)
    .option('--root <folder...>', 'models may be read from there (default: only hf://)')
    .option('--jobs <count>', 'matrices at once (default: processors)', positive)
    .option('--max-memory <size>', 'for the matrices in flight (default: 80 % of RAM)', byteSize)
    .option('--cache-dir <folder>', 'where spectra are kept')
    .option('--no-cache', 'keep no spectra and use none')
    .option('--lock <seconds>', 'silence after which its matrices go to others', positive, 30)
    .option(
      '--job-timeout <seconds>',
      'for a matrix (default: an hour, more for large ones)',
      positive,
    )
    .option('--exit-when-idle <seconds>', 'stop after so long without work', positive)
    .option('--json', 'print what happens, a JSON object a line')
    .action(async (queue, options) => {
      finish(await (await import('./commands/worker.js')).worker(queue, options, io));
    });

  const queue = program.command('queue').description('the queue of a distributed run');
  queue
    .command('status')
    .description('show progress, workers and failures')
    .argument('<queue>', queueHelp)
    .option('--json', jsonHelp)
    .action(async (address, options) => {
      const { queueStatusCommand } = await import('./commands/queue/status.js');
      finish(await queueStatusCommand(address, options, io));
    });
}

function policyCommands(policy: Command, io: Io, finish: (code: ExitCode) => void): void {
  const policyHelp = 'a built-in name, a name in the configuration, a path or a package';

  pluginOptions(policy.command('list'))
    .description('list the built-in policies and those of the configuration')
    .option('--json', jsonHelp)
    .action(async (options) => {
      finish(await (await import('./commands/policy/list.js')).listPolicies(options, io));
    });

  pluginOptions(policy.command('info'))
    .description('show what a policy shares out, needs and promises')
    .argument('<policy>', policyHelp)
    .option('--json', jsonHelp)
    .action(async (reference, options) => {
      finish(await (await import('./commands/policy/info.js')).policyInfo(reference, options, io));
    });

  policy
    .command('new')
    .description('write a package with a policy and its tests, to start from')
    .argument('<name>', 'lower-case words joined by hyphens')
    .option('-o, --output <folder>', 'folder of the package (default: alphalora-policy-<name>)')
    .option('--json', jsonHelp)
    .action(async (name, options) => {
      finish(await (await import('./commands/policy/new.js')).newPolicy(name, options, io));
    });

  pluginOptions(policy.command('check'))
    .description('test a policy for what every policy owes its users')
    .argument('<policy>', policyHelp)
    .option('--set <key=value>', setHelp, collectSetting, {})
    .option('--seed <number>', "of the tests' scores and of the policy", integer, 1)
    .option('--json', jsonHelp)
    .action(async (reference, options) => {
      const { checkPolicyCommand } = await import('./commands/policy/check.js');
      finish(await checkPolicyCommand(reference, options, io));
    });
}

const modelHelp =
  'a .safetensors file, a folder, hf://org/name[@revision][/subfolder] or https://...';
const estimatorsHelp = 'fix-finger, fix-finger-strict, hill, ks, tpl, e-tpl or clip-xmax';
const splitFusedHelp = 'take fused projections (c_attn, qkv_proj, gate_up_proj) apart';
const jsonHelp = 'print JSON';
const setHelp = 'an option of the policy, e.g. beta=2.5; may be repeated';
const queueHelp = 'redis://host/name, or rediss:// for TLS; REDIS_PASSWORD in the environment';

function remoteOptions(command: Command): Command {
  return command
    .option('--download', "keep the files of hf:// in the hub's cache, which Python shares")
    .option('--offline', "no connections: hf:// comes from the hub's cache");
}

function measuringOptions(command: Command): Command {
  return remoteOptions(command)
    .option('--estimator <name>', `how the tail is fitted: ${estimatorsHelp}`, 'fix-finger')
    .option('--tail <count>', 'hill only: number of eigenvalues in the tail', integer)
    .addOption(aggregateOption())
    .option('--metrics <name...>', 'metrics or groups of them, all or none (default: cheap ones)')
    .option('--bootstrap <draws>', 'draws for the interval of alpha; 0 for none', integer, 200)
    .option('--seed <number>', 'of everything that is drawn at random', integer, 0)
    .option('--farms', 'pool windows of one aspect ratio instead of the whole matrix (FARMS)')
    .option('--farms-size <size>', 'of a window (default: 2000x2000)', windowSize)
    .option('--farms-windows <count>', 'most windows along a side (default: 10)', positive)
    .option('--adapter <model>', 'add the updates of this LoRA adapter: a folder or hf://...')
    .option('--include <glob...>', 'measure only weights with matching names, whatever their kind')
    .option('--exclude <glob...>', 'leave out weights with matching names')
    .option('--split-fused', splitFusedHelp)
    .option('--engine <name>', 'wasm, or ml-matrix for reference', 'wasm')
    .addOption(
      new Option('--build <name>', 'of wasm: the fastest, or simd for equal bits on all machines')
        .choices(['auto', 'relaxed', 'simd'])
        .default('auto'),
    )
    .addOption(
      new Option('--precision <arithmetic>', 'auto redoes in f64 what f32 does not resolve')
        .choices(['auto', 'f32', 'f64'])
        .default('auto'),
    )
    .option('--queue <queue>', 'have it measured by the workers of redis://host/name')
    .option('--jobs <count>', 'matrices at once (default: processors)', positive)
    .option('--max-memory <size>', 'for the matrices in flight (default: 80 % of RAM)', byteSize)
    .option('--cache-dir <folder>', 'where spectra are kept for resumed and repeated runs')
    .option('--no-cache', 'keep no spectra and use none')
    .option(
      '--fail-on <threshold>',
      'end with 4 when e.g. alpha>6; may be repeated',
      collectThreshold,
    )
    .option('--json', jsonHelp);
}

function aggregateOption(): Option {
  return new Option(
    '--aggregate <how>',
    "from a block's projections to the block (default: the document's, or mean)",
  ).choices(['mean', 'median', 'trimmed']);
}

function budgetOptions(command: Command): Command {
  return resourceOptions(pluginOptions(command))
    .option('--policy <name>', "a built-in one, the configuration's, a path or a package")
    .option('--set <key=value>', setHelp, collectSetting, {})
    .option('--scores <file>', 'scores in place of alpha: JSON, or CSV with block and score');
}

function resourceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--unit <resource>', 'what is shared out')
        .choices(resourceNames)
        .default('experts'),
    )
    .addOption(
      new Option('--per <layer>', 'what gets a share')
        .choices(['block', 'projection'])
        .default('block'),
    )
    .option('--total <count>', 'units in all (default: 5 experts or rank 8 each)', decimal)
    .option('--parameters <count>', 'trainable parameters in all at most, e.g. 100M', quantity)
    .option('--average <count>', 'units per layer (default: 4 bits, sparsity 0.5)', decimal)
    .option('--min <count>', 'fewest per layer (default: 1 expert or rank)', decimal)
    .option('--max <count>', 'most per layer', decimal)
    .option('--rounding <rule>', 'largest-remainder, official or floor-one', 'largest-remainder')
    .option('--top-k <experts>', 'experts that the router selects', integer, 2)
    .option('--rank <rank>', 'LoRA rank of each expert', integer, 8);
}

function pluginOptions(command: Command): Command {
  return command
    .option(
      '--config <file>',
      'configuration (default: $ALPHALORA_CONFIG, or alphalora.config.{js,mjs,json} of the project here)',
    )
    .option('--policy-timeout <seconds>', "for a plugin's answer", positive, 30);
}

function taskOptions(command: Command): Command {
  return command
    .requiredOption('--task <name>', 'e.g. instructions, text, boolq; an unknown name lists all')
    .requiredOption('--data <path>', "a file of examples, or the folder of the task's files")
    .option('--limit <count>', 'only so many examples, from the start', positive)
    .option('--cutoff <tokens>', 'longer examples are cut', positive, 256);
}

function backendOption(command: Command): Command {
  return command.option(
    '--backend <name>',
    'cpu, wasm, node, node-gpu or webgpu (default: the fastest that is installed)',
  );
}

function trainingOptions(command: Command): Command {
  return backendOption(taskOptions(command))
    .option('--resume', 'go on from the last checkpoint in the folder')
    .option('--steps <count>', 'updates of the adapter', positive)
    .option('--epochs <count>', 'passes over the examples (default: 1)', decimal)
    .option('--batch-size <examples>', 'of a step', positive, 8)
    .option('--micro-batch-size <examples>', 'at once in memory (default: the batch)', positive)
    .option('--no-group-by-length', 'fill steps at random, not with examples of similar length')
    .option('--learning-rate <rate>', 'at its peak', decimal, 3e-4)
    .addOption(
      new Option('--schedule <shape>', 'of the learning rate after the warm-up')
        .choices(['constant', 'linear', 'cosine'])
        .default('linear'),
    )
    .option('--warmup-steps <count>', '(default: 100, at most a tenth of the run)', integer)
    .option('--weight-decay <factor>', 'decoupled', decimal, 0)
    .option('--clip-norm <norm>', 'of the gradients; 0 for none', decimal, 1)
    .option('--loss-on-prompt', 'learn the prompts too, as the released recipe does')
    .option('--seed <number>', 'of everything that is drawn at random', integer, 10)
    .option('--targets <role...>', 'projections to adapt, e.g. q_proj (default: all)')
    .option('--lora-alpha <number>', 'experts count alpha / rank times (default: 16)', decimal)
    .option('--dropout <share>', "of the experts' inputs (default: 0.05)", decimal)
    .option(
      '--router <name>',
      'top-k, soft, adaptive-shared or entropy (default: top-k); mole is for --experts',
    )
    .option('--router-set <key=value...>', "the router's options", collectSetting, {})
    .option('--router-loss <name=factor>', 'e.g. load-balance=0.001', routerLoss)
    .option('--dynamic-rank <initial:mean:most>', 'ranks that grow, e.g. 8:16:32', ranks)
    .option('--growth-interval <steps>', 'between growth events', positive, 200)
    .option('--recompute', 'less memory, about a third more time')
    .option('--checkpoint-every <steps>', 'to resume from', positive, 100)
    .option('--evaluate-every <steps>', 'measures the loss on the validation split', positive)
    .option('--json', jsonHelp);
}

function routerLoss(text: string): { name: string; coefficient: number } {
  const [, name, coefficient] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It must look like load-balance=0.001.');
  return { name, coefficient: decimal(coefficient!) };
}

function ranks(text: string): { initial: number; target: number; max: number } {
  const [, initial, target, max] = /^(\d+):(\d+):(\d+)$/.exec(text) ?? [];
  if (initial === undefined) throw new InvalidArgumentError('It must look like 8:16:32.');
  return { initial: Number(initial), target: Number(target), max: Number(max) };
}

function collectThreshold(text: string, thresholds: Threshold[] = []): Threshold[] {
  return [...thresholds, parseThreshold(text, '--fail-on')];
}

function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function positive(text: string): number {
  const value = integer(text);
  if (value === 0) throw new InvalidArgumentError('It must be at least 1.');
  return value;
}

function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('It must be a number from 0 on.');
  }
  return value;
}

/** `2.5GB` or `800M`, in powers of ten. @returns bytes */
function byteSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)b?$/i.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It must look like 800M or 2.5GB.');
  return Number(number) * 1000 ** ' kmgt'.indexOf(unit?.toLowerCase() || ' ');
}

/** `100M`, `1.5B`, `1e9` or `160000`. */
function quantity(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?(?:e\d+)?)\s*([kmbg]?)$/i.exec(text) ?? [];
  const thousands = { '': 0, k: 1, m: 2, b: 3, g: 3 }[unit?.toLowerCase() ?? ''];
  const value = Number(number) * 1000 ** thousands!;
  if (number === undefined || !Number.isSafeInteger(Math.round(value))) {
    throw new InvalidArgumentError('It must look like 160000, 100M or 1e9.');
  }
  return Math.round(value);
}

/** `2000x3000`: rows along the shorter side of a matrix, and the ratio of the window's sides. */
function windowSize(text: string): { rows: number; ratio: number } {
  const [, rows, columns] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (rows === undefined || !(Number(rows) >= 2 && Number(columns) >= Number(rows))) {
    throw new InvalidArgumentError('It must look like 2000x3000, the shorter side first.');
  }
  return { rows: Number(rows), ratio: Number(columns) / Number(rows) };
}

function collectSetting(text: string, settings: Record<string, unknown>): Record<string, unknown> {
  const setting = parseSetting(text);
  if (!setting) throw new InvalidArgumentError('It must look like key=value.');
  const [value] = Object.values(setting);
  if (typeof value === 'string' && text.endsWith(value) && /,\s*[A-Za-z_]\w*=/.test(value)) {
    throw new InvalidArgumentError(
      'It sets one option: repeat --set for another, or write text with commas as key=\'"a,b=c"\'.',
    );
  }
  return { ...settings, ...setting };
}

function refuseSetting(text: string): never {
  throw new InvalidArgumentError(
    `Options go behind the name of their policy: --policies name:${text}.`,
  );
}
