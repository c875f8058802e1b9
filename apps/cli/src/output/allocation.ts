/** An allocation for people: experts by block with a bar. */
import type { Allocation } from '@alphalora/contracts';
import type { Output } from '../io.js';
import { fixed } from './analysis.js';
import { type Column, table } from './table.js';

/** @param planted the exponents that a demo model was made with, to show beside the estimates */
export function allocationTable(
  allocation: Allocation,
  output: Output,
  planted?: readonly number[],
): string {
  const { blocks, budget, parameters, policy } = allocation;
  const columns: Column[] = [
    { title: 'block' },
    ...(planted ? [{ title: 'planted' }] : []),
    { title: 'alpha' },
    { title: 'experts' },
    { title: 'top-k' },
    { title: '', align: 'left' },
  ];
  const most = Math.max(1, ...allocation.experts);
  const rows = blocks.map(({ index, score, experts = 0, topK }) => [
    String(index),
    ...(planted ? [fixed(planted[index])] : []),
    fixed(score),
    String(experts),
    String(topK),
    '█'.repeat(Math.max(0, most <= 40 ? experts : Math.round((40 * experts) / most))),
  ]);
  const size = parameters
    ? `, ${parameters.trainable.toLocaleString('en-US')} trainable parameters at rank ${parameters.rank}`
    : '';
  const options = Object.entries(policy.options).map(([key, value]) => `${key}=${value}`);
  const rule = [policy.name, ...options, allocation.rounding].join(', ');
  const body = table(columns, rows);
  const painted = output.hasColors?.() ? body.replace(/█+/g, '\x1b[36m$&\x1b[39m') : body;
  return `${painted}\n${budget.total} experts in ${blocks.length} blocks (${rule})${size}\n`;
}
