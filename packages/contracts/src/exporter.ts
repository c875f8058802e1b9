/** The documents in the formats of other programs. */
import type { Allocation } from './allocation.js';
import type { Analysis } from './analysis.js';
import type { Resource } from './policy.js';

/** What becomes of a document in a format. */
export interface Exported {
  /** The content of a file of any name, or of files whose names the other program knows. */
  readonly files: string | Readonly<Record<string, string>>;
  /** What of this document the format cannot express, in sentences for people. */
  readonly notes: readonly string[];
}

/** A format of another program. */
export interface Exporter<Document extends Analysis | Allocation = Analysis | Allocation> {
  readonly name: string;
  /** The kinds of documents that it is for. */
  readonly kinds: ReadonlyArray<Document['kind']>;
  /** What an allocation may have shared out: anything where this is absent. */
  readonly units?: readonly Resource[];
  /**
   * @param document valid, of one of the kinds and units
   * @throws AlphaLoraError `INVALID_DOCUMENT` when it lacks what the format needs, `INVALID_OPTION`
   *   when the format cannot hold it
   */
  export(document: Document): Exported;
}
