/** What PEFT makes of an export for a model that a Python program builds, beside what was asked for. */
import { expect } from 'vitest';
import { exportDocument } from '../export.js';
import { allocatedByBlock, type NamedTensors } from './allocated.js';

export interface Adapted {
  /** What is in memory of each name on disk, by transformers. */
  where: Record<string, string[]>;
  ranks: Record<string, [rank: number, scaling: number]>;
  /** Of all LoRAs. */
  parameters: number;
  wrapper: string;
}

/** Without settings, for the names and shapes on disk. */
export type Question = [name: string, family: string | null, settings: unknown];

/** @param rankOf what each is to have */
export async function ranksInPeft(
  ask: (question: Question) => Promise<NamedTensors & Adapted>,
  name: string,
  rankOf: (block: number, role: string) => number,
  options: Readonly<Record<string, unknown>>,
) {
  const tensors = await ask([name, null, null]);
  const allocation = await allocatedByBlock(tensors, rankOf);
  const { files, notes } = await exportDocument(allocation, 'peft', options);
  const settings = JSON.parse((files as Record<string, string>)['adapter_config.json']!);
  const { where, ranks, parameters, wrapper } = await ask([name, null, settings]);
  const told = /LoRAs have ([\d,]+) trainable parameters/.exec(notes.join('\n'))?.[1];
  expect(Number(told?.replaceAll(',', '')), 'parameters').toBe(parameters);
  /** By the name in memory. */
  const wanted = new Map<string, number[]>();
  for (const { name: own, rank } of allocation.projections!) {
    const inMemory = where[own.replace(/(\[\w+\])+$/, '')] ?? [];
    expect(inMemory, own).not.toHaveLength(0);
    for (const module of inMemory) wanted.set(module, [...(wanted.get(module) ?? []), rank!]);
  }
  return { wanted, ranks, wrapper, notes, settings };
}
