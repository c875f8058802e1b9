/** What is not built in: policies, estimators, formats, ... of others. */
import type { Command } from '@commander-js/extra-typings';
import { headings } from './help.js';
import { positive } from './parsers.js';

export const plugins = (command: Command) =>
  command
    .optionsGroup(headings.plugins)
    .option(
      '--config <file>',
      'use this configuration (default: $ALPHALORA_CONFIG, or alphalora.config.{js,mjs,json} of the project here)',
    )
    .option(
      '--policy-timeout <seconds>',
      "wait this long for a plugin to load, and for a policy's answer",
      positive,
      30,
    );
