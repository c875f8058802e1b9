/**
 * The transpose of values that lie row by row.
 *
 * @param values [rows, columns], row-major; they are left as they are
 * @returns [columns, rows], row-major
 */
export function transposed<Values extends Float32Array | Float64Array>(
  values: Values,
  rows: number,
  columns: number,
): Values {
  const result = values.slice() as Values;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j]!;
  }
  return result;
}
