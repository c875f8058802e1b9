/**
 * Options that change nothing beside others, or for what they are asked of: refused where they were typed, so
 * that no result is taken for an answer to them.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { Command, type OptionValues } from '@commander-js/extra-typings';
import { measuring, remote } from './measuring.js';

interface Unused {
  /** As the code calls them: `tailShare`. */
  readonly options: readonly string[];
  /** The end of a sentence. */
  readonly because: string;
}

export type Rule = (options: OptionValues, args: readonly string[]) => Unused | undefined;

// biome-ignore lint/suspicious/noExplicitAny: commands of all arguments and options
type AnyCommand = Command<any, any, any>;

/** A hook of a command: `.hook('preAction', refusing(unusedInForecasts))`. */
export function refusing(...rules: readonly Rule[]): (command: AnyCommand) => void {
  return (command) => {
    for (const rule of rules) {
      const unused = rule(command.opts(), command.args);
      const given = command.options.find((option) => {
        const name = option.attributeName();
        return unused?.options.includes(name) && command.getOptionValueSource(name) === 'cli';
      });
      if (!given) continue;
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `${given.long} has no effect here: ${unused!.because}`,
      );
    }
  };
}

/** Of a resource that does not come in experts; where none is named, the policy decides. */
export const unusedWithoutExperts: Rule = ({ unit }) =>
  unit === undefined || unit === 'experts'
    ? undefined
    : {
        options: ['topK', 'rank', 'routerForOne'],
        because: `it is about experts, and --unit is ${unit}`,
      };

/** Of a single analysis, or of several that are no checkpoints. */
export const unusedWithoutSeries: Rule = ({ series }) =>
  series ? undefined : { options: ['order'], because: 'it is about the checkpoints of --series' };

/** Of the cache that is not used. */
export const unusedWithoutCache: Rule = ({ cache }) =>
  cache ? undefined : { options: ['cacheDir'], because: '--no-cache keeps no spectra' };

/** Of a forecast, which has no result. */
export const unusedInForecasts: Rule = ({ dryRun }) =>
  dryRun
    ? {
        options: ['failOn', 'queue', 'export'],
        because: '--dry-run measures nothing, here or elsewhere',
      }
    : undefined;

/** Options of measuring that also say how an analysis is read, or what is printed. */
const ofReading = ['aggregate', 'cap', 'stack', 'failOn'];
const ofPrinting = ['json', 'seed'];

/** Of measuring, where an analysis is read or nothing but scores is there. */
export function unusedWithoutMeasuring(isDocument: (source: string) => boolean): Rule {
  const all = [remote, measuring].flatMap((group) => group(new Command()).options);
  const names = all.map((option) => option.attributeName());
  return ({ scores }, [source]) => {
    if (source === undefined ? scores === undefined : !isDocument(source)) return undefined;
    const used = source === undefined ? ofPrinting : [...ofPrinting, ...ofReading];
    return {
      options: names.filter((name) => !used.includes(name)),
      because:
        source === undefined
          ? 'the layers are judged by --scores, and nothing is measured'
          : `${source} is measured already; give the model to measure it again`,
    };
  };
}

/** From projections to blocks and from alphas to scores, where neither leads to what the layers are judged by. */
export const unusedInScores: Rule = ({ scores, per, failOn }) => {
  if (failOn !== undefined) return undefined;
  if (scores !== undefined)
    return { options: ['aggregate', 'cap'], because: 'the layers are judged by --scores' };
  return per === 'projection'
    ? {
        options: ['aggregate'],
        because:
          '--per projection shares by the scores of projections and only shows those of blocks',
      }
    : undefined;
};
