/** The words that the page uses, each in a few sentences for a reader who has met none of them. */
import { type Analysis, alphaBounds } from '@alphalora/contracts';
import type { Facts } from '../facts.js';
import { boundsDoNotApply } from '../findings.js';
import { percent } from '../format.js';
import { type Html, html } from '../html.js';

const { overTrained, underTrained, spurious } = alphaBounds;

type Words = readonly (readonly [word: string, meaning: string])[];

const words = ({ fixedCut, analysis }: Facts): Words => [
  [
    'Block',
    'One of the identical layers that a transformer is a stack of, counted from 0 at the input. Each holds a handful of weight matrices.',
  ],
  [
    'Projection',
    'One of those matrices. q, k, v and o belong to attention, which moves information between words; gate, up and down to the feed-forward part, which works on each word. Other architectures use other names.',
  ],
  [
    'Eigenvalue',
    'A matrix W stretches some directions more than others; the eigenvalues λ of WᵀW are the squares of these stretches. All of them together are the spectrum of the matrix.',
  ],
  [
    'Heavy tail',
    'A matrix of random numbers has no eigenvalue far from the others. Training pulls some of them out, a few of them very far. Then the large eigenvalues become rare slowly, by a power law, and the spectrum is said to have a heavy tail.',
  ],
  [
    'Alpha',
    `How fast the tail falls: twice as large an eigenvalue is 2 to the power of alpha times as rare, 8 times at alpha 3. A small alpha is a heavy tail, the mark of a matrix that has learned much. ${fixedCut ? boundsDoNotApply : `Between ${overTrained} and ${underTrained} is usual; above ${underTrained} counts as under-trained, below ${overTrained} as over-trained, and above ${spurious} the tail is hardly a power law.`} A fit to a spectrum without a tail (all eigenvalues equal, or fewer than five above the cut) says nothing and is left out. A block’s alpha is an average over the rest of its projections.`,
  ],
  [
    'Cut (xmin) and tail',
    `${fixedCut ? `The law is fitted to ${fixedTail(analysis)}, whether or not they follow it: the cut, where the tail begins, is fixed and not looked for.` : 'Only the largest eigenvalues follow the power law. The cut is where the tail begins.'} “Tail” is the number of eigenvalues above it. KS is the largest gap between the counted and the fitted tail, as a share of it: smaller is better.`,
  ],
  [
    'Standard error, ±',
    'How far alpha may be off because the tail is finite, if the cut is right.',
  ],
  [
    '95 % interval',
    `The spectrum is drawn anew many times and fitted again, ${fixedCut ? 'always at the fixed cut: what another cut would give is not in it' : 'cut included'}. The middle 95 % of the alphas so found is the interval: if it is wide, or overlaps another, do not lean on the difference. Eigenvalues of one matrix repel one another, so a draw moves each by no more than its distance to the next; a bootstrap draws them as if they were independent, which gives wider intervals.`,
  ],
  [
    'Marchenko–Pastur bulk',
    'The spectrum that a random matrix of the same shape and size of values would have. Eigenvalues inside it may be noise; those that stand out of it are what training has put there.',
  ],
];

/** What a fit at a given cut is of. */
function fixedTail({ options }: Analysis): string {
  const { tailShare, tail } = options;
  if (typeof tailShare === 'number') return `the largest ${percent(tailShare)} of the eigenvalues`;
  return typeof tail === 'number' ? `the ${tail} largest eigenvalues` : 'the largest eigenvalues';
}

export function guideSection(facts: Facts): Html {
  const { allocation } = facts;
  const needed = allocation ? [...words(facts), allocation.words.meaning] : words(facts);
  return html`<section aria-labelledby="read" class="guide"><h2 id="read" class="unseen">How to read this</h2>
<details data-print><summary>How to read this: alpha, heavy tails and the other words, in a few sentences each</summary>
<dl class="words">${needed.map(([word, meaning]) => html`<div><dt>${word}</dt><dd>${meaning}</dd></div>`)}</dl></details></section>`;
}
