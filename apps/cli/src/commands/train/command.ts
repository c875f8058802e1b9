/** `alphalora train`: what it takes. */
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { json, languageModelHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples, headings } from '../../options/help.js';
import { offline } from '../../options/measuring.js';
import {
  collectSetting,
  decimal,
  integer,
  positive,
  positiveOrAuto,
} from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import { backend, task } from '../../options/training.js';

export const train = () =>
  command('train', task, backend, offline, plugins)
    .description(
      'fine-tune a model with new experts or an adapter, or train a gate over trained ones (MoLE)',
    )
    .argument('<model>', languageModelHelp)
    .optionsGroup(headings.data)
    .option('--loss-on-prompt', 'learn the prompts too, as the released recipe does')
    .optionsGroup(headings.experts)
    .option(
      '--allocation <file>',
      'train new experts as this allocation.json of experts or ranks says',
    )
    .option('--experts <folder...>', 'train a gate over these LoRA adapters, also of PEFT')
    .option('--from <adapter>', 'train on this adapter, with its own experts and router')
    .option('--targets <role...>', 'adapt these projections, e.g. q_proj (default: all)')
    .option(
      '--lora-alpha <number>',
      'scale expert outputs by this / rank (default: 16, or twice the largest of ranks that grow)',
      decimal,
    )
    .option('--dropout <share>', "drop this share of the experts' inputs (default: 0.05)", decimal)
    .option(
      '--router <name>',
      'route by top-k, soft, adaptive-shared or entropy (default: top-k); mole is for --experts',
    )
    .addOption(
      new Option('--router-set <key=value...>', "set the router's options")
        .argParser(collectSetting)
        .default<Record<string, unknown>>({}, 'those of the router'),
    )
    .option(
      '--router-loss <name=factor>',
      'add this loss: load-balance=0.001 as MoLA, pooled-load-balance=0.001 as MixLoRA, gate-balance=0.5 as MoLE',
      routerLoss,
    )
    .option('--dynamic-rank <initial:mean:most>', 'let ranks grow (DR-LoRA), e.g. 8:16:32', ranks)
    .option('--growth-interval <steps>', 'grow ranks every so many steps', positive, 200)
    .addOption(
      new Option(
        '--growth-rule <name>',
        'score experts as the released code of DR-LoRA does, or as its paper has it (default: released)',
      ).choices(['released', 'paper']),
    )
    .optionsGroup(headings.length)
    .option('--steps <count>', 'update the adapter this many times', positive)
    .option('--epochs <count>', 'pass over the examples this often (default: 1)', decimal)
    .option('--batch-size <examples>', 'use this many examples per step', positive, 8)
    .option(
      '--micro-batch-size <examples>',
      'hold this many examples in memory at once, or auto: what memory has room for (default: the batch)',
      positiveOrAuto,
    )
    .option('--no-group-by-length', 'fill steps at random, not with examples of similar length')
    .option('--recompute', 'use less memory, for about a third more time')
    .option('--seed <number>', 'seed everything random', integer, 10)
    .optionsGroup(headings.optimizer)
    .option('--learning-rate <rate>', 'set the peak learning rate', decimal, 3e-4)
    .addOption(
      new Option('--schedule <shape>', 'change the learning rate after the warm-up like this')
        .choices(['constant', 'linear', 'cosine'])
        .default('linear'),
    )
    .option(
      '--warmup-steps <count>',
      'raise the learning rate over this many steps (default: 100, at most a tenth of the run)',
      integer,
    )
    .option('--weight-decay <factor>', 'decay weights by this factor, decoupled', decimal, 0)
    .option('--clip-norm <norm>', 'clip the norm of the gradients; 0 for none', decimal, 1)
    .option(
      '--learning-rates <file>',
      'multiply the learning rate of each layer as this allocation.json of learning-rate says',
    )
    .option(
      '--weight-decays <file>',
      'multiply the weight decay of each layer as this allocation.json of weight-decay says',
    )
    .optionsGroup(headings.checkpoints)
    .option(
      '--resume',
      'resume at the last checkpoint in the folder; with more --steps, also after the end',
    )
    .option('--checkpoint-every <steps>', 'write a checkpoint every so many steps', positive, 100)
    .option(
      '--evaluate-every <steps>',
      'measure the loss on the validation split, or on examples held out, every so many steps',
      positive,
    )
    .option(
      '--hold-out <count>',
      'hold this many examples out of training for it (default: a tenth, at most 64, where there is no validation split)',
      positive,
    )
    .option(
      '--keep-best',
      'write the adapter of the lowest validation loss, not that of the last step',
    )
    .option(
      '--early-stopping <count>',
      'stop after this many evaluations in a row without improvement, and keep the best',
      positive,
    )
    .option(
      '--minimum-improvement <nats>',
      'count a smaller fall of the loss as no improvement (default: 0)',
      decimal,
    )
    .optionsGroup(headings.output)
    .requiredOption('-o, --output <folder>', 'write the adapter and the metrics into this folder')
    .option(
      '--tensorboard <folder>',
      'write the metrics for TensorBoard too, into this folder for the run alone',
    )
    .addOption(json())
    .addHelpText(
      'after',
      examples([
        'train path/to/model --allocation allocation.json --task boolq --data boolq/ -o adapter',
        'train path/to/model --experts lora-a lora-b --task chat --data chats.jsonl -o gate',
        'train path/to/model --allocation allocation.json --task text --data text.txt -o adapter --tensorboard logs/adapter --resume',
        'train path/to/model --allocation allocation.json --task boolq --data boolq/ -o adapter --evaluate-every 50 --early-stopping 3',
        'train path/to/model --from adapter --task chat --data chats.jsonl -o adapter-2',
      ]),
    );

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
