/** `alphalora report`: what it takes. */
import { command, type OptionsOf } from '../../options/declare.js';

export type ReportOptions = OptionsOf<typeof report>;

export const report = () =>
  command('report')
    .description('one HTML page from an analysis, an allocation and a training run')
    .argument('<analysis>', 'analysis.json')
    .argument('[allocation]', 'allocation.json')
    .option('--metrics <file>', 'metrics.jsonl of a training run, for a chart of its loss')
    .requiredOption('-o, --output <file>', 'write the page to a file; - is stdout');
