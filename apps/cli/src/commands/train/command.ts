/** `alphalora train`: what it takes. */
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { json, languageModelHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { collectSetting, decimal, integer, positive } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import { backend, task } from '../../options/training.js';

export const train = () =>
  command('train', task, backend, plugins)
    .description('fine-tune a model with new experts, or train a gate over trained ones (MoLE)')
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
    .addOption(json())
    .argument('<model>', languageModelHelp)
    .option('--allocation <file>', 'allocation.json of experts or ranks: train these experts')
    .option('--experts <folder...>', 'trained LoRA adapters, also of PEFT: train a gate over them')
    .requiredOption('-o, --output <folder>', 'folder for the adapter and the metrics');

export type TrainOptions = OptionsOf<typeof train>;

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
