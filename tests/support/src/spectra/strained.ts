/**
 * Float32 matrices, 40 x 30, whose spectra reach far below the largest singular value, and what is
 * known about them. Values are integer arithmetic and divisions, so that any program makes the same:
 *
 *     h(i, j, s) = ((7919 i + 10473 j + 31 i j + 577 s + 13 i^2 + 7 j^2) mod 2003 - 1001) / 1024
 *
 * Singular values by mpmath 1.4 with 60 digits (svd_r); exponents from their squares by the formulas
 * of `power-law.ts` in numpy, of the matrix of rank two from its two largest.
 */
import type { Matrix } from '@alphalora/contracts/weights';
import { matrixOf } from './matrices.js';

const ROWS = 40;
const COLUMNS = 30;

interface StrainedMatrix {
  readonly matrix: Matrix;
  /** Numerical rank. */
  readonly rank: number;
  readonly singularValues: readonly number[];
  readonly hill?: number;
  readonly ks?: number;
}

function h(i: number, j: number, s: number): number {
  const hash = 7919 * i + 10473 * j + 31 * i * j + 577 * s + 13 * i * i + 7 * j * j;
  return ((hash % 2003) - 1001) / 1024;
}

function filled(value: (i: number, j: number) => number): Matrix {
  const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, index) =>
    value(Math.floor(index / COLUMNS), index % COLUMNS),
  );
  return matrixOf(ROWS, COLUMNS, values);
}

/** Noise, with one element times `factor`. */
function withOutlier(factor: number): Matrix {
  return filled((i, j) => h(i, j, 1) * (i === 10 && j === 5 ? factor : 1));
}

/** A product of that rank with noise on top, rounded to float32. */
function product(rank: number, noise: number): Matrix {
  return filled((i, j) => {
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += (h(i, k, 2) / 3) * h(k, j, 3);
    return sum + noise * h(i, j, 1);
  });
}

export const strained: Record<string, StrainedMatrix> = {
  'one element 1e9 times the others': {
    matrix: withOutlier(2 ** 30),
    rank: 30,
    hill: 1.3618121928804823,
    ks: 1.2083950955930391,
    singularValues: [
      47185920.0000002, 5.75594794756549, 5.61727577593402, 5.33408247634975, 5.01514683484706,
      4.83970909148237, 4.75721233985131, 4.59937741315349, 4.4744311558315, 4.37455113683162,
      4.22091359151451, 4.0481924087475, 3.66299715111368, 3.50307258881342, 3.30359191687262,
      3.05178319184213, 2.89302375838331, 2.83904878149405, 2.56646141418128, 2.46844289584121,
      2.28408997166328, 2.09853842514918, 1.90804529823901, 1.51155935252762, 1.430863024615,
      1.18696790582583, 1.15887545942383, 0.980176706512012, 0.577807974446542, 0.4147559779463,
    ],
  },
  'one element 1e10 times the others': {
    matrix: withOutlier(2 ** 33),
    rank: 30,
    hill: 1.3288258204884618,
    ks: 1.2025436708021888,
    singularValues: [
      377487360.0, 5.75594794710619, 5.61727577764298, 5.33408247284229, 5.01514683151673,
      4.83970908953024, 4.75721233677006, 4.59937741637466, 4.47443114947154, 4.37455114178923,
      4.22091358599989, 4.04819240282117, 3.66299717058896, 3.50307258583751, 3.30359192313009,
      3.05178319199089, 2.89302376773893, 2.83904878163644, 2.56646141283068, 2.46844289767006,
      2.28408997364312, 2.09853841993297, 1.90804530168068, 1.51155935473188, 1.43086302564112,
      1.1869679071182, 1.15887546013273, 0.980176708317449, 0.57780797511742, 0.414755978123967,
    ],
  },
  'rank 6 with noise of 1e-6': {
    matrix: product(6, 2 ** -20),
    rank: 30,
    hill: 1.0883732806712545,
    ks: 2.033257567476663,
    singularValues: [
      5.01004878665332, 4.52964326389813, 3.70140057516857, 2.98131360744917, 2.63589112319968,
      2.04989659534695, 5.1548490905873e-6, 4.90263751204175e-6, 4.70839134083673e-6,
      4.37426958589729e-6, 4.19234506853382e-6, 4.01613360534868e-6, 3.80454615827349e-6,
      3.43617562771509e-6, 3.34030994436443e-6, 3.27201168192992e-6, 2.82329853807335e-6,
      2.81580905538166e-6, 2.64596951697769e-6, 2.50750575576013e-6, 2.41655214087502e-6,
      1.8973655913766e-6, 1.84060259266315e-6, 1.67507986544347e-6, 1.44015298943201e-6,
      1.35076196154804e-6, 1.09190734672859e-6, 9.7622679127685e-7, 7.32330751933158e-7,
      3.19052955253157e-7,
    ],
  },
  'rank 2 but for rounding': {
    matrix: product(2, 0),
    rank: 2,
    singularValues: [
      3.93517316191651, 3.08846826291692, 4.90467961494918e-8, 4.06861011566783e-8,
      3.54867765165559e-8, 3.30553768862513e-8, 2.72852520639924e-8, 2.463914971963e-8,
      2.11812697327186e-8, 1.8387521269805e-8, 1.62161904033282e-8, 1.57094621447846e-8,
      1.4106178308421e-8, 1.09142314212415e-8, 1.07194467714585e-8, 8.63820444969014e-9,
      8.39664194423464e-9, 6.88526821141884e-9, 6.8259176300669e-9, 5.63169534284128e-9,
      5.13728790100458e-9, 3.50403049194438e-9, 3.28673291946737e-9, 2.83879288534678e-9,
      2.52582106502456e-9, 2.00547843708731e-9, 1.45937320954057e-9, 8.24241648606818e-10,
      7.34546084073626e-10, 0.0,
    ],
  },
};
