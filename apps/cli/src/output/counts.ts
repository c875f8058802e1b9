/** `586,240` */
export function counts(value: number): string {
  return value.toLocaleString('en-US');
}
