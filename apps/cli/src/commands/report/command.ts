/** `alphalora report`: what it takes. */
import { furtherScores, order } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { refusing, unusedWithoutSeries } from '../../options/unused.js';

export type ReportOptions = OptionsOf<typeof report>;

export const report = () =>
  command('report')
    .description('one HTML page from an analysis, an allocation, further scores and a training run')
    .argument('<analysis>', 'analysis.json')
    .argument(
      '[document...]',
      'an allocation.json, and analyses of the model by other estimators or, with --series, over training',
    )
    .addOption(furtherScores())
    .option('--series', 'how alpha and correlation traps went over the checkpoints of a model')
    .addOption(order())
    .option('--metrics <file>', 'metrics.jsonl of a training run, for a chart of its loss')
    .requiredOption('-o, --output <file>', 'write the page to a file; - is stdout')
    .addHelpText('after', examples)
    .hook('preAction', refusing(unusedWithoutSeries));

const examples = `
Examples:
  alphalora report analysis.json allocation.json -o report.html
  alphalora report hill.json ks.json allocation.json --scores scores.json -o report.html
  alphalora report --series run/step-*.json -o report.html
`;
