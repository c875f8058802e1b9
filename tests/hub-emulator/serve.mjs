/** Sends a file or a range of it (RFC 9110, section 14), with whatever fault was asked for. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** @returns how many bytes of the body were meant to be sent */
export function sendFile(request, response, { path, size, etag, headers = {} }, fault) {
  const range =
    fault?.kind === 'ignore-range' ? undefined : parseRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return 0;
  }
  let { start, end } = range ?? { start: 0, end: size };
  if (range && fault?.kind === 'fewer') end = Math.min(end, start + fault.bytes);
  const total = fault?.kind === 'size' ? size + 1 : size;
  const shift = fault?.kind === 'wrong-range' ? 1 : 0;
  const unknownLength = ['short', 'long'].includes(fault?.kind);
  response.writeHead(range ? 206 : 200, {
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    etag: fault?.kind === 'etag' ? '"changed"' : etag,
    ...(range && { 'content-range': `bytes ${start + shift}-${end - 1 + shift}/${total}` }),
    ...(!unknownLength && { 'content-length': end - start }),
    ...(fault?.kind === 'encoding' && { 'content-encoding': 'x-none' }),
    ...headers,
  });
  if (request.method === 'HEAD' || end === start) {
    response.end();
    return 0;
  }
  const stream = createReadStream(path, { start, end: end - 1, highWaterMark: 1 << 18 });
  const body = fault === undefined ? stream : Readable.from(spoiled(stream, fault, response));
  body.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  body.pipe(response);
  return end - start;
}

async function* spoiled(stream, fault, response) {
  const { kind, bytes = 0, ms = 1 } = fault;
  let sent = 0;
  for await (const chunk of stream) {
    if (kind === 'other') {
      yield chunk.map((byte) => byte ^ 1);
      continue;
    }
    if (kind === 'slow') {
      for (let at = 0; at < chunk.length; at += bytes) {
        yield chunk.subarray(at, at + bytes);
        await sleep(ms);
      }
      continue;
    }
    const spoils = ['cut', 'stall', 'short'].includes(kind);
    const part = spoils ? chunk.subarray(0, bytes - sent) : chunk;
    if (part.length > 0) yield part;
    sent += part.length;
    if (!spoils || sent < bytes) continue;
    if (kind === 'short') return;
    // What was written must reach the wire first.
    await sleep(5);
    if (kind === 'cut') response.destroy();
    await new Promise((resolve) => response.on('close', resolve));
    return;
  }
  for (let left = kind === 'long' ? bytes : 0; left > 0; left -= 1 << 16) {
    yield Buffer.alloc(Math.min(left, 1 << 16));
  }
}

function parseRange(header, size) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined) return undefined;
  const start = Number(first);
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(size, Number(last) + 1) };
}
