/** How far two weights of one shape are apart. */

export interface Distance {
  /** ||A - B||_F; of kernels, the mean over their positions (WeightWatcher's `euclidean`). */
  euclidean: number;
  /** ||A - B||_F over all elements, kernels whole (WeightWatcher's `raw`). */
  raw: number;
  /** `raw` in parts of ||A||_F; absent where A is zero. */
  relative?: number;
  /**
   * ||A^T B||_F / sqrt(||A^T A||_F ||B B^T||_F), of kernels the mean over their positions: WeightWatcher's
   * `cka`. It is the square root of linear CKA (Kornblith et al., arXiv 1905.00414, eq. 3) without
   * centering, so a similarity: 1 for equal weights.
   */
  cka?: number;
}
