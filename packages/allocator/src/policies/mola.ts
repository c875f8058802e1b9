/**
 * MoLA (Gao et al., arXiv 2402.08562, section 3.2): experts by depth alone. The blocks are split
 * into equal groups, low to high, and every block of a group gets the group's number.
 *
 *   group of block b among m blocks and g groups: floor(b * g / m),  w_b = groups[group]
 *
 * With m a multiple of g the groups are equal; otherwise their sizes differ by one at most. The
 * numbers are the paper's when the total is the paper's (160, 128 or 256 over 32 blocks), and
 * proportions of any other total. Depth counts the blocks present, so that projections of one block
 * get the same weight.
 */
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { numberFrom } from './options.js';

export type MolaShape =
  | 'inverted-triangle'
  | 'triangle'
  | 'hourglass'
  | 'diamond'
  | 'rectangle'
  | '4444'
  | '6532'
  | '2356'
  | '6226'
  | '2662'
  | '8888';

/** The published shapes; those without a name of their own go by their numbers. */
export const molaShapes: Readonly<Record<MolaShape, readonly number[]>> = {
  'inverted-triangle': [2, 4, 6, 8],
  triangle: [8, 6, 4, 2],
  hourglass: [8, 2, 2, 8],
  diamond: [2, 8, 8, 2],
  rectangle: [5, 5, 5, 5],
  '4444': [4, 4, 4, 4],
  '6532': [6, 5, 3, 2],
  '2356': [2, 3, 5, 6],
  '6226': [6, 2, 2, 6],
  '2662': [2, 6, 6, 2],
  '8888': [8, 8, 8, 8],
};

type MolaOptions = { shape: MolaShape; groups?: number[] | undefined };

const shapes = Object.keys(molaShapes) as [MolaShape, ...MolaShape[]];

export const mola: AllocationPolicy<MolaOptions> = {
  name: 'mola',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'by depth, in equal groups of blocks (arXiv 2402.08562)',
  options: v.strictObject({
    /** Not read where there are groups. */
    shape: v.optional(v.picklist(shapes), 'inverted-triangle'),
    /** In place of a shape: the weights of any number of groups. */
    groups: v.optional(
      v.pipe(
        v.array(numberFrom(0)),
        v.check((groups) => groups.some((weight) => weight > 0), 'needs a group above zero'),
      ),
    ),
  }),
  traits: { resources: ['experts', 'rank'], answer: 'weights' },
  describe: () => 'by depth, whatever their alpha',
  allocate({ layers, options: { shape, groups = [...molaShapes[shape]] } }) {
    const blocks = [...new Set(layers.map(({ block }) => block))].sort((a, b) => a - b);
    const depths = new Map(blocks.map((block, depth) => [block, depth]));
    return {
      weights: layers.map(
        ({ block }) => groups[Math.floor((depths.get(block)! * groups.length) / blocks.length)]!,
      ),
    };
  },
};
