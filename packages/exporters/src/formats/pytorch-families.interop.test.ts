/**
 * `molora.py` on small models of a dozen families: every linear map that the allocation gives experts to has them,
 * whatever transformers calls it, learns, and comes back from a file.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Allocation } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, shrunkModels, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { exportDocument } from '../export.js';
import { allocatedByBlock, type NamedTensors } from '../test-support/allocated.js';

interface Found {
  /** Names in memory by those on disk. */
  where: Record<string, string[]>;
  start: number;
  /** Experts without a gradient. */
  still: string[];
  effect: number;
  apart: number;
  paths: Record<string, [name: string, ranks: number[]]>;
  /** All linear maps of the model. */
  maps: string[];
}

const folder = temporaryFolder('pytorch-families');
const text = (file: string): string =>
  readFileSync(new URL(`../test-support/${file}`, import.meta.url), 'utf8');
const ask = startPython<[family: string, folder: string | null], NamedTensors & Found>(
  shrunkModels + text('peft-families.py') + text('pytorch-families.py'),
  { env: { HF_HUB_OFFLINE: '1' } },
);

/** Block n has n + 1 experts of rank 2. */
function withExperts(allocation: Allocation): Allocation {
  const experts = allocation.blocks.map(({ index }) => index + 1);
  const topK = experts.map((count) => Math.min(2, count));
  return {
    ...allocation,
    ...{ experts, topK },
    budget: { unit: 'experts', total: experts.reduce((sum, count) => sum + count, 0) },
    blocks: allocation.blocks.map((block, i) => ({
      ...block,
      experts: experts[i]!,
      topK: topK[i]!,
    })),
    projections: allocation.projections!.map((projection) => ({
      ...projection,
      experts: projection.block + 1,
      topK: Math.min(2, projection.block + 1),
    })),
  };
}

const families =
  'llama qwen3 gemma3 qwen2.5-vl mixtral qwen3-moe gpt2 phi3 bert t5 whisper vit'.split(' ');

describeUnless(
  pythonLacks('torch', 'transformers>=5.24', 'peft>=0.21', 'safetensors'),
  'experts in PyTorch of families',
  () => {
    it.each(families)(
      '%s',
      async (family) => {
        const tensors = await ask([family, null]);
        const allocation = withExperts(await allocatedByBlock(tensors, () => 2));
        const { files, notes } = await exportDocument(allocation, 'pytorch', { dropout: 0 });
        const own = join(folder, family);
        mkdirSync(own);
        for (const [file, content] of Object.entries(files)) {
          writeFileSync(join(own, file), content);
        }
        const found = await ask([family, own]);
        const maps = new Set(found.maps);
        const expected = allocation.projections!.flatMap(({ name, experts }) => {
          const [path, ...more] = tensors.where[name] ?? [];
          const module = path?.replace(/\.weight$/, '');
          const isMap = module !== undefined && more.length === 0 && maps.has(module);
          return isMap ? [[module, [name.replace(/\.weight$/, ''), Array(experts).fill(2)]]] : [];
        });
        expect(expected.length).toBeGreaterThan(10);
        expect(found.paths).toEqual(Object.fromEntries(expected));
        const left = allocation.projections!.length - expected.length;
        expect(notes.join('\n').includes(`${left} of them are in one tensor with others`)).toBe(
          left > 0,
        );
        expect(found).toMatchObject({ start: 0, still: [], apart: 0 });
        expect(found.effect).toBeGreaterThan(0.01);
      },
      120_000,
    );
  },
);
