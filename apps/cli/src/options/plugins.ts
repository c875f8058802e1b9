/** What is not built in: policies, estimators, formats, ... of others. */
import type { Command } from '@commander-js/extra-typings';
import { positive } from './parsers.js';

export const plugins = (command: Command) =>
  command
    .option(
      '--config <file>',
      'configuration (default: $ALPHALORA_CONFIG, or alphalora.config.{js,mjs,json} of the project here)',
    )
    .option(
      '--policy-timeout <seconds>',
      "for loading what others wrote, and for a policy's answer",
      positive,
      30,
    );
