/** `alphalora compare --policies`: what each policy would make of the same analysis and budget. */
import { type Aggregate, AlphaLoraError, type Analysis } from '@alphalora/contracts';
import { type AllocatingOptions, reaggregated } from '../allocating.js';
import { readDocument } from '../documents.js';
import { type ExitCode, exitCodes, type Io } from '../io.js';
import { policyComparisonText } from '../output/policy-comparison.js';
import { withPolicies } from '../plugins/index.js';
import { type Candidate, comparePolicies } from '../policy-comparison.js';
import { parseSetting } from '../settings.js';

export interface ComparePoliciesOptions extends Omit<AllocatingOptions, 'policy' | 'set'> {
  policies: string;
  aggregate?: Aggregate;
  json?: boolean;
}

export async function comparePoliciesCommand(
  files: readonly string[],
  options: ComparePoliciesOptions,
  io: Io,
): Promise<ExitCode> {
  const analyses: Array<{ file: string; analysis: Analysis }> = [];
  for (const file of files) {
    const analysis = await readDocument(file, 'analysis');
    analyses.push({ file, analysis: reaggregated(analysis, options.aggregate) });
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
  return withPolicies(options, io, async (policies) => {
    const candidates: Candidate[] = [];
    for (const { label, reference, set } of parsePolicies(options.policies)) {
      candidates.push({ label, set, policy: await policies.open(reference) });
    }
    const comparison = await comparePolicies(candidates, analyses, { ...options, set: {} });
    const text = options.json ? JSON.stringify(comparison, null, 2) : undefined;
    io.stdout.write(text === undefined ? policyComparisonText(comparison) : `${text}\n`);
    return exitCodes.done;
  });
}

/**
 * `alphalora:beta=1,mola:shape=diamond,./own.mjs`: references with options behind colons. Commas and
 * colons inside of brackets belong to a value.
 */
export function parsePolicies(
  text: string,
): Array<{ label: string; reference: string; set: Record<string, unknown> }> {
  const list = text.split(/,(?![^[{]*[\]}])/).map((part) => part.trim());
  const known = new Set<string>();
  return list.map((label) => {
    const [reference, ...settings] = label.split(/:(?=[A-Za-z_]\w*=)/);
    if (!reference)
      throw new AlphaLoraError('INVALID_OPTION', `--policies '${text}' names nothing`);
    if (known.has(label)) {
      throw new AlphaLoraError('INVALID_OPTION', `--policies names ${label} twice`);
    }
    known.add(label);
    const set = Object.assign({}, ...settings.map(parseSetting)) as Record<string, unknown>;
    return { label, reference, set };
  });
}
