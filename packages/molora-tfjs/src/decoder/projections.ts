/** A decoder's linear maps, and which of them take in the same states. */
import type { BlockConfig, ProjectionConfig, ProjectionPart } from './config.js';

/** What parts are computed from, by the place where a block has it. */
const inputs: Readonly<Record<ProjectionPart, 'attention' | 'heads' | 'feed-forward' | 'unit'>> = {
  query: 'attention',
  key: 'attention',
  value: 'attention',
  attention: 'heads',
  gate: 'feed-forward',
  up: 'feed-forward',
  down: 'unit',
};

/** The first projection of a block that takes in the same states: of query, key and value, the query. */
export function firstWithInputOf(
  { projections }: BlockConfig,
  projection: ProjectionConfig,
): ProjectionConfig {
  const input = inputs[projection.parts[0]!];
  return projections.find(({ parts }) => inputs[parts[0]!] === input)!;
}

/** Whether its output is added to the hidden state. */
export function isResidual({ parts }: ProjectionConfig): boolean {
  return parts.includes('attention') || parts.includes('down');
}
