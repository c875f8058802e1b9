/** `alphalora compare --policies`: what each policy would make of the same scores and budget. */

import { type Candidate, comparePolicies, scoreSources } from '@alphalora/allocator/comparison';
import { AlphaLoraError, type Analysis, defined } from '@alphalora/contracts';
import { formatSettings, parseSetting } from '@alphalora/documents';
import { reaggregated } from '@alphalora/htsr-core';
import type { OpenPolicy } from '@alphalora/plugins';
import { jobFor, ofStack } from '../../allocating/allocate.js';
import { chosenResource } from '../../allocating/budget.js';
import { readDocument } from '../../files/documents.js';
import { readAllScores } from '../../files/scores.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { shortcomings } from '../../output/notes.js';
import { policyComparisonText } from '../../output/policy-comparison.js';
import { writeResult } from '../../output/result.js';
import { pluginsOf } from '../../plugins/index.js';
import type { CompareOptions } from './command.js';

export async function comparePoliciesCommand(
  files: readonly string[],
  policies: string,
  options: CompareOptions,
  io: Io,
): Promise<ExitCode> {
  const { aggregate, cap } = options;
  const scoring = defined({ aggregate, cap });
  const analyses: Array<{ file: string; analysis: Analysis }> = [];
  for (const file of files) {
    const analysis = await readDocument(file, 'analysis', io);
    io.stderr.write(shortcomings(analysis));
    analyses.push({ file, analysis: ofStack(reaggregated(analysis, scoring), options) });
  }
  const listed = parsePolicies(policies);
  const plugins = pluginsOf(io);
  const chosen: Chosen[] = [];
  for (const { written, reference, set, score } of listed) {
    const policy = await plugins.open(reference);
    const all = { ...(await plugins.settings(reference)), ...set };
    // One that looks at a metric takes no alphas.
    const by = score ?? policy.info.scoredBy;
    chosen.push({ written, policy, set: all, ...defined({ score: by }) });
  }
  const scores = scoreSources({
    analyses,
    scores: await readAllScores(options.scores ?? [], io),
    metrics: chosen.flatMap(({ score }) => score ?? []),
  });
  const resource = chosenResource(
    options,
    chosen.map(({ policy }) => policy.info),
  );
  const comparison = await comparePolicies({
    candidates: labelled(chosen),
    scores,
    jobFor: (source) => jobFor(source, { ...options, ...resource, scores: source.file, set: {} }),
    reaggregated,
  });
  const { top } = options;
  const { columns } = io.stdout;
  writeResult(io.stdout, options, comparison, () =>
    policyComparisonText(comparison, { top, columns }),
  );
  return exitCodes.done;
}

interface Chosen {
  written: string;
  policy: OpenPolicy;
  set: Record<string, unknown>;
  score?: string;
}

/** By name and options, and by how they were written where those are the same. */
function labelled(chosen: readonly Chosen[]): Candidate[] {
  const labels = chosen.map(({ policy, set }) =>
    [policy.info.name, ...formatSettings(set)].join(':'),
  );
  return chosen.map(({ written, policy, set: options, score }, i) => {
    const label = labels[i]!;
    const same = chosen.filter((other, j) => labels[j] === label && other.score === score);
    return {
      label: same.length === 1 ? label : `${label} (${written})`,
      options,
      ...defined({ score }),
      followsScore: policy.info.traits.monotone !== undefined,
      allocate: policy.allocate,
    };
  });
}

interface Listed {
  written: string;
  reference: string;
  set: Record<string, unknown>;
  /** Name of the score behind the last `@`. */
  score?: string;
}

/**
 * `alphalora:beta=1@hill,mola:shape=diamond,./own.mjs`: references with options behind colons and a score
 * behind an `@`. Commas and colons inside of brackets belong to a value, the `@` of a package's scope or
 * of a file's path to the reference.
 */
export function parsePolicies(text: string): Listed[] {
  const list = text.split(/,(?![^[{]*[\]}])/).map((part) => part.trim());
  const known = new Set<string>();
  return list.map((written) => {
    const [, asked = written, score] =
      /^(.*[^@/\\])@(?!.*\.[cm]?[jt]s$)([^@/\\]+)$/.exec(written) ?? [];
    const [reference, ...settings] = asked.split(/:(?=[A-Za-z_]\w*=)/);
    if (!reference)
      throw new AlphaLoraError('INVALID_OPTION', `--policies '${text}' names nothing`);
    if (known.has(written)) {
      throw new AlphaLoraError('INVALID_OPTION', `--policies names ${written} twice`);
    }
    known.add(written);
    if (score && /:[A-Za-z_]\w*=/.test(score)) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `--policies ${written}: the score goes behind the options, as in alphalora:beta=1@hill`,
      );
    }
    const set = Object.assign({}, ...settings.map(parseSetting)) as Record<string, unknown>;
    return { written, reference, set, ...defined({ score }) };
  });
}
