/**
 * Numbers and texts of the documents with their bounds, from which the JSON Schemas are made
 * (`scripts/make-schemas.mjs`). 9007199254740991 is `Number.MAX_SAFE_INTEGER`: above it, integers are
 * not exact in JavaScript. 1000000 is `mostUnits`.
 */

/** @minLength 1 */
export type Words = string;

/** @asType integer @minimum 0 @maximum 9007199254740991 */
export type Count = number;

/** @asType integer @minimum 1 @maximum 9007199254740991 */
export type Ordinal = number;

/** @asType integer @minimum -9007199254740991 @maximum 9007199254740991 */
export type Integer = number;

/** @minimum -9007199254740991 @maximum 9007199254740991 */
export type BetweenIntegers = number;

/** @minimum 0 */
export type NotNegative = number;

/** @exclusiveMinimum 0 */
export type Positive = number;

/** @minimum 0 @maximum 1 */
export type Share = number;

// Of a power law; policies take powers of it that must stay finite and above zero.
/** @minimum 1e-100 @maximum 1e100 */
export type Exponent = number;

// Of a linear map.
/** @asType integer @minimum 1 @maximum 4294967296 */
export type Side = number;

// Of a linear map. The rounding `official` can go below zero, as the code that it reproduces does.
/** @asType integer @minimum -1000000 @maximum 1000000 */
export type Experts = number;

// Of a linear map.
/** @asType integer @minimum 0 @maximum 1000000 */
export type Rank = number;

/** @asType integer @minimum 1 @maximum 1000000 */
export type Units = number;

// More parts than any cluster has machines; lists of the missing ones stay short.
/** @asType integer @minimum 1 @maximum 100000 */
export type Parts = number;
