/** Amounts of bytes and of time in words. */

/** `0.4 MB`, `812 MB` or `13.5 GB`, in powers of ten. */
export function bytes(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} GB`;
  return `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} MB`;
}

/** `8 s`, `3:05` or `2:10:00`. @param seconds any non-negative number */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

/** `about 4 to 6 min`: a time that is known between two bounds, in two digits. */
export function span({ least, most }: { least: number; most: number }): string {
  if (most < 2) return 'under 2 s';
  const [unit, name] = most < 120 ? [1, 's'] : most < 7200 ? [60, 'min'] : [3600, 'h'];
  const [from, to] = [twoDigits(least / unit), twoDigits(most / unit)];
  return from === to ? `about ${to} ${name}` : `about ${from} to ${to} ${name}`;
}

/** `1.5` and `2`, `13`, `130`. */
function twoDigits(value: number): string {
  return String(
    value < 10 ? Number(value.toFixed(value < 3 ? 1 : 0)) : Number(value.toPrecision(2)),
  );
}
