/** `alphalora completion`: what it takes. */
import { Argument } from '@commander-js/extra-typings';
import { shells } from '../../completion/scripts.js';
import { json } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples } from '../../options/help.js';

export type CompletionOptions = OptionsOf<typeof completion>;

export const completion = () =>
  command('completion')
    .description('print a script that completes commands, options and names in a shell')
    .addArgument(new Argument('<shell>', 'the shell that reads it').choices(shells))
    .argument(
      '[word...]',
      'what was typed, behind --: print what may stand in the place of the last word, as the script asks',
    )
    .addOption(json())
    .addHelpText(
      'after',
      examples(
        [
          'completion bash > ~/.local/share/bash-completion/completions/alphalora',
          'completion zsh > ~/.zfunc/_alphalora',
          'completion fish > ~/.config/fish/completions/alphalora.fish',
          'completion powershell >> $PROFILE',
        ],
        'bash reads the script in new shells where bash-completion is installed, else from a line in ~/.bashrc:\nsource <(alphalora completion bash). For zsh, ~/.zfunc has to be in fpath before compinit runs.',
      ),
    );
