/** `alphalora compare --policies`: what each policy would make of the same analysis and budget. */

import { type Candidate, comparePolicies } from '@alphalora/allocator';
import { AlphaLoraError, type Analysis, defined } from '@alphalora/contracts';
import { formatSettings, parseSetting } from '@alphalora/documents';
import { reaggregated } from '@alphalora/htsr-core';
import type { OpenPolicy } from '@alphalora/plugins';
import { jobFor, ofStack } from '../../allocating/allocate.js';
import { readDocument } from '../../files/documents.js';
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
  const odd = analyses.find(
    ({ analysis }) => analysis.blocks.length !== analyses[0]!.analysis.blocks.length,
  );
  if (odd) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${odd.file} has ${odd.analysis.blocks.length} blocks and ${files[0]} ` +
        `${analyses[0]!.analysis.blocks.length}: give analyses of one model`,
    );
  }
  const plugins = pluginsOf(io);
  const chosen: Chosen[] = [];
  for (const { written, reference, set } of parsePolicies(policies)) {
    const policy = await plugins.open(reference);
    chosen.push({ written, policy, set: { ...(await plugins.settings(reference)), ...set } });
  }
  const comparison = await comparePolicies({
    candidates: labelled(chosen),
    analyses,
    jobFor: (analysis) => jobFor({ analysis }, { ...options, set: {} }),
    reaggregated,
  });
  writeResult(io.stdout, options, comparison, () => policyComparisonText(comparison));
  return exitCodes.done;
}

interface Chosen {
  written: string;
  policy: OpenPolicy;
  set: Record<string, unknown>;
}

/** By name and options, and by how they were written where those are the same. */
function labelled(chosen: readonly Chosen[]): Candidate[] {
  const labels = chosen.map(({ policy, set }) =>
    [policy.info.name, ...formatSettings(set)].join(':'),
  );
  return chosen.map(({ written, policy, set: options }, i) => {
    const label = labels[i]!;
    const alone = labels.indexOf(label) === labels.lastIndexOf(label);
    return { label: alone ? label : `${label} (${written})`, options, allocate: policy.allocate };
  });
}

/**
 * `alphalora:beta=1,mola:shape=diamond,./own.mjs`: references with options behind colons. Commas and
 * colons inside of brackets belong to a value.
 */
export function parsePolicies(
  text: string,
): Array<{ written: string; reference: string; set: Record<string, unknown> }> {
  const list = text.split(/,(?![^[{]*[\]}])/).map((part) => part.trim());
  const known = new Set<string>();
  return list.map((written) => {
    const [reference, ...settings] = written.split(/:(?=[A-Za-z_]\w*=)/);
    if (!reference)
      throw new AlphaLoraError('INVALID_OPTION', `--policies '${text}' names nothing`);
    if (known.has(written)) {
      throw new AlphaLoraError('INVALID_OPTION', `--policies names ${written} twice`);
    }
    known.add(written);
    const set = Object.assign({}, ...settings.map(parseSetting)) as Record<string, unknown>;
    return { written, reference, set };
  });
}
