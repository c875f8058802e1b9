/** An object with those of its fields that could be undefined made optional. */
export type Defined<T extends object> = {
  [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key];
} & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

/**
 * A copy without the fields that are undefined: an optional field that is not there is absent, so that
 * it neither hides a default when objects are spread nor stands in a document.
 *
 *     { model, ...defined({ signal, seed }) }
 */
export function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
