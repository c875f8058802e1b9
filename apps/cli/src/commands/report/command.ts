/** `alphalora report`: what it takes. */
import { furtherScores, json, order } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples, headings } from '../../options/help.js';
import { refusing, unusedWithoutSeries } from '../../options/unused.js';

export type ReportOptions = OptionsOf<typeof report>;

export const report = () =>
  command('report')
    .description(
      'write one HTML page from an analysis, an allocation, further scores and a training run',
    )
    .argument('<analysis>', 'analysis.json')
    .argument(
      '[document...]',
      'an allocation.json, and analyses of the model by other estimators or, with --series, over training',
    )
    .addOption(furtherScores())
    .option('--series', 'show alpha and correlation traps over the checkpoints of a model')
    .addOption(order())
    .option('--metrics <file>', 'chart the loss of a training run from its metrics.jsonl')
    .optionsGroup(headings.output)
    .requiredOption('-o, --output <file>', 'write the page to a file; - is stdout')
    .addOption(json())
    .addHelpText(
      'after',
      examples([
        'report analysis.json allocation.json -o report.html',
        'report hill.json ks.json allocation.json --scores scores.json -o report.html',
        'report --series run/step-*.json -o report.html',
      ]),
    )
    .hook('preAction', refusing(unusedWithoutSeries));
