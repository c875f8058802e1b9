/** Where a text is shown: `process.stdout` is one. */
export interface Terminal {
  /** Characters on a line. @default 120, and 80 for lines over many blocks */
  readonly columns?: number;
  /** Whether colors are shown. @default no */
  hasColors?(): boolean;
}
