/**
 * Faults that are injected on demand. A fault waits for the first request that it matches, spoils it,
 * and is used up; faults are kept in their order.
 *
 * One is not used up: `endless`, a listing that says of every page that another one comes after it.
 *
 * Each is `{ on, kind, ... }`; `on` is `api`, `resolve`, `files` or `any`. Kinds that take the place of
 * the answer: `status` (`status`, `headers`), `drop` (no answer at all), `hang` (none for ever),
 * `redirect` (`to`). Kinds that spoil a body: `cut` (the connection after `bytes`), `stall` (silence
 * after `bytes`), `slow` (`bytes` every `ms`), `short` (ends properly after `bytes`), `long` (`bytes` too
 * many), `other` (as many bytes, but others). Kinds that spoil the head: `ignore-range`, `wrong-range`, `fewer` (a valid but smaller range of
 * `bytes`), `etag`, `size` (a wrong total), `encoding`.
 */
export function createFaults() {
  let waiting = [];
  return {
    set(list) {
      waiting = list;
    },
    get left() {
      return waiting.length;
    },
    /** The fault for a request, which is used up. */
    take(on) {
      const at = waiting.findIndex((fault) => fault.on === on || fault.on === 'any');
      if (at === -1 || waiting[at].kind === 'endless') return waiting[at];
      return waiting.splice(at, 1)[0];
    },
  };
}

/** Answers in place of the server. @returns whether it did */
export function answerInstead(fault, response) {
  switch (fault?.kind) {
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'text/plain', ...fault.headers });
      response.end(`fault ${fault.status}`);
      return true;
    case 'drop':
      response.destroy();
      return true;
    case 'hang':
      return true;
    case 'redirect':
      response.writeHead(302, { location: fault.to }).end();
      return true;
    default:
      return false;
  }
}
