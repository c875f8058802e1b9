/** Plain data that nobody can change any more. */

/** Freezes a value with everything in it, and returns it. */
export function frozen<Value>(value: Value): Value {
  // Of typed arrays, which cannot be frozen, elements stay open.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}
