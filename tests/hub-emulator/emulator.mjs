/**
 * The two servers of a hub: its own origin with the API and the `resolve` paths, and the origin that
 * large files are redirected to. What matters to a client follows what huggingface.co answers: status
 * codes with `X-Error-Code`, `X-Repo-Commit`, `X-Linked-ETag`, `X-Linked-Size`, pages of listings linked
 * by `Link`, relative redirects of renamed repositories, signed links that expire.
 *
 * The file origin refuses requests that carry an Authorization, as object stores do with signed links.
 *
 * Tests steer it over HTTP: `PUT /_emulator/faults`, `GET` and `DELETE /_emulator/log`,
 * `POST /_emulator/expire` (all signed links so far).
 */
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { answerInstead, createFaults } from './faults.mjs';
import { createRepositories } from './repositories.mjs';
import { sendFile } from './serve.mjs';

/** @returns the two origins */
export async function startEmulator({ folder, port, token, outsider, pageSize }) {
  const repositories = createRepositories(folder);
  const faults = createFaults();
  let log = [];
  let key = randomBytes(16);
  const origins = {};

  const sign = (sha256) => createHmac('sha256', key).update(sha256).digest('hex');

  function note(origin, request, bytes) {
    const { method, url, headers } = request;
    log.push({
      origin,
      method,
      url,
      range: headers.range,
      authorization: headers.authorization,
      bytes,
    });
  }

  async function hub(request, response) {
    const url = new URL(request.url, origins.endpoint);
    if (url.pathname.startsWith('/_emulator/')) return control(url, request, response);
    const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
    const api = parts[0] === 'api' && parts[1] === 'models';
    const fault = faults.take(api ? 'api' : 'resolve');
    if (answerInstead(fault, response)) return note('hub', request, 0);
    const name = (api ? parts.slice(2, 4) : parts.slice(0, 2)).join('/');
    const settings = repositories.settings(name);
    if (settings?.movedTo) {
      note('hub', request, 0);
      return response
        .writeHead(307, { location: request.url.replace(name, settings.movedTo) })
        .end();
    }
    const refusal = refusalOf(request.headers.authorization, settings, api);
    if (refusal) {
      note('hub', request, 0);
      return refuse(response, ...refusal);
    }
    const [kind, revision = 'main', ...rest] = api ? parts.slice(4) : parts.slice(2);
    const found = await repositories.revision(name, revision);
    if (!found) {
      note('hub', request, 0);
      return refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    }
    if (api && kind === 'tree') {
      return tree(request, response, found, rest.join('/'), url, fault);
    }
    if (api) return info(request, response, name, settings, found);
    return resolve(request, response, found, rest.join('/'), fault);
  }

  function refusalOf(authorization, settings, api) {
    const given = authorization?.replace(/^Bearer /, '');
    if (given !== undefined && given !== token && given !== outsider) {
      return [401, undefined, 'Invalid credentials in Authorization header'];
    }
    // A private repository is not to be told from one that does not exist.
    if (!settings || (settings.private && given !== token)) {
      return [given === undefined ? 401 : 404, 'RepoNotFound', 'Repository not found'];
    }
    // What is gated can be listed by everybody, and read by those who were let in.
    if (settings.gated && !api && given !== token) {
      return [given === undefined ? 401 : 403, 'GatedRepo', 'Access to this model is restricted'];
    }
    return undefined;
  }

  function refuse(response, status, code, message) {
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(code && { 'x-error-code': code }),
      'x-error-message': message,
    });
    response.end(JSON.stringify({ error: message }));
  }

  function json(request, response, value, headers = {}) {
    const text = JSON.stringify(value);
    note('hub', request, text.length);
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
  }

  function info(request, response, name, settings, { commit, files }) {
    json(request, response, {
      _id: '0123456789abcdef01234567',
      id: name,
      sha: commit,
      downloads: 0,
      likes: 0,
      private: settings.private ?? false,
      gated: settings.gated ?? false,
      lastModified: '2026-01-01T00:00:00.000Z',
      siblings: files.map(({ path }) => ({ rfilename: path })),
    });
  }

  /** The entries directly in a folder, a page at a time. */
  function tree(request, response, { files }, folderPath, url, fault) {
    const prefix = folderPath === '' ? '' : `${folderPath}/`;
    const recursive = url.searchParams.get('recursive')?.toLowerCase() === 'true';
    const entries = new Map();
    for (const { path, size, oid, sha256 } of files) {
      if (!path.startsWith(prefix)) continue;
      const [first, ...deeper] = path.slice(prefix.length).split('/');
      if (deeper.length > 0 && !recursive) {
        entries.set(prefix + first, {
          type: 'directory',
          oid: '0'.repeat(40),
          size: 0,
          path: prefix + first,
        });
      } else {
        const lfs = sha256 && { lfs: { oid: sha256, size, pointerSize: 130 } };
        entries.set(path, { type: 'file', oid, size, path, ...lfs });
      }
    }
    if (entries.size === 0) {
      note('hub', request, 0);
      return refuse(response, 404, 'EntryNotFound', `${folderPath} does not exist`);
    }
    const endless = fault?.kind === 'endless';
    const from = endless ? 0 : Number(url.searchParams.get('cursor') ?? 0);
    const next = new URL(url);
    next.searchParams.set('cursor', String(from + pageSize));
    const more = endless || from + pageSize < entries.size;
    json(
      request,
      response,
      [...entries.values()].slice(from, from + pageSize),
      more ? { link: `<${next}>; rel="next"` } : {},
    );
  }

  function resolve(request, response, { commit, files }, path, fault) {
    const file = files.find((candidate) => candidate.path === path);
    if (!file) {
      note('hub', request, 0);
      return refuse(response, 404, 'EntryNotFound', `${path} does not exist`);
    }
    const etag = fault?.kind === 'etag' ? '"changed"' : `"${file.sha256 ?? file.oid}"`;
    const headers = { 'x-repo-commit': commit };
    if (file.sha256 === undefined) {
      const sent = sendFile(
        request,
        response,
        { path: file.file, size: file.size, etag, headers },
        fault,
      );
      return note('hub', request, sent);
    }
    note('hub', request, 0);
    const link = `${origins.files}/blobs/${file.sha256}?signature=${sign(file.sha256)}`;
    response.writeHead(302, {
      ...headers,
      location: link,
      etag,
      'x-linked-etag': etag,
      'x-linked-size': String(fault?.kind === 'size' ? file.size + 1 : file.size),
    });
    response.end();
  }

  function blob(request, response) {
    const fault = faults.take('files');
    if (answerInstead(fault, response)) return note('files', request, 0);
    const url = new URL(request.url, origins.files);
    const sha256 = url.pathname.split('/').at(-1);
    const found = repositories.blobs.get(sha256);
    const refusal =
      (request.headers.authorization !== undefined && [
        400,
        'only one authentication is allowed',
      ]) ||
      (url.searchParams.get('signature') !== sign(sha256) && [403, 'the link has expired']) ||
      (!found && [404, 'no such blob']);
    if (refusal) {
      note('files', request, 0);
      response.writeHead(refusal[0], { 'content-type': 'text/plain' }).end(refusal[1]);
      return;
    }
    // Object stores have ETags of their own.
    const etag = `"${sha256.slice(0, 32)}"`;
    note('files', request, sendFile(request, response, { ...found, etag }, fault));
  }

  async function control(url, request, response) {
    const action = `${request.method} ${url.pathname.split('/').at(-1)}`;
    if (action === 'PUT faults') {
      let text = '';
      for await (const chunk of request) text += chunk;
      faults.set(JSON.parse(text));
    } else if (action === 'POST expire') key = randomBytes(16);
    else if (action === 'DELETE log') log = [];
    const state = { log: action === 'GET log' ? log : [], faultsLeft: faults.left };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(state));
  }

  const guarded = (handler) => async (request, response) => {
    try {
      await handler(request, response);
    } catch (error) {
      response.destroy(error);
    }
  };
  origins.endpoint = await listen(createServer(guarded(hub)), port);
  origins.files = await listen(createServer(guarded(blob)), 0);
  return origins;
}

async function listen(server, port) {
  // Idle connections may be closed by a real server at any time too, but not in the middle of a test.
  server.keepAliveTimeout = 60_000;
  await new Promise((done, fail) => server.on('error', fail).listen(port, '127.0.0.1', done));
  return `http://127.0.0.1:${server.address().port}`;
}
