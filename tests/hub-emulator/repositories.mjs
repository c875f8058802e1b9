/**
 * Folders as repositories of a hub: commits, listings, and files by content.
 *
 * `<folder>/<org>/<name>/` is the revision `main`, `<folder>/<org>/<name>@<revision>/` another one. A
 * commit is named by its content, so that it changes when a file does. `.hub.json` in a folder may say
 * `{ "gated": "manual", "private": true, "movedTo": "org/name" }`; it is no file of the repository.
 * Files of safetensors, and others from 10 kB up, are large files: stored by SHA-256, as Git LFS does.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const LARGE = 10_000;

/** Digests of files by path, size and time, so that a large file is read once. */
const digests = new Map();

export function createRepositories(folder) {
  /** Content of large files by their SHA-256, as far as they were listed. */
  const blobs = new Map();
  return {
    blobs,
    /** @returns undefined where there is no such repository */
    settings(name) {
      const path = join(folder, name);
      if (!/^[\w.-]+\/[\w.-]+$/.test(name) || !existsSync(path)) return undefined;
      const file = join(path, '.hub.json');
      return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    },
    /** @returns undefined where there is no such revision */
    async revision(name, revision) {
      const [org, model] = name.split('/');
      const revisions = readdirSync(join(folder, org))
        .filter((entry) => entry === model || entry.startsWith(`${model}@`))
        .map((entry) => ({
          label: entry === model ? 'main' : decodeURIComponent(entry.slice(model.length + 1)),
          path: join(folder, org, entry),
        }));
      for (const { label, path } of revisions) {
        if (
          label !== revision &&
          !(label === 'main' && revision === 'HEAD') &&
          !/^[0-9a-f]{40}$/.test(revision)
        )
          continue;
        const found = await commitOf(path, blobs);
        if (/^[0-9a-f]{40}$/.test(revision) && found.commit !== revision) continue;
        return found;
      }
      return undefined;
    },
  };
}

async function commitOf(path, blobs) {
  const files = [];
  for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = join(path, entry);
    const stats = statSync(file);
    if (!stats.isFile() || entry === '.hub.json') continue;
    const large = entry.endsWith('.safetensors') || stats.size >= LARGE;
    const { sha256, git } = await digestsOf(file, stats);
    if (large) blobs.set(sha256, { path: file, size: stats.size });
    files.push({
      path: entry.replaceAll('\\', '/'),
      file,
      size: stats.size,
      oid: git,
      ...(large && { sha256 }),
    });
  }
  const lines = files.map((file) => `${file.path} ${file.sha256 ?? file.oid}\n`).join('');
  return { commit: createHash('sha1').update(lines).digest('hex'), files };
}

async function digestsOf(file, { size, mtimeMs }) {
  const key = `${file} ${size} ${mtimeMs}`;
  const known = digests.get(key);
  if (known) return known;
  const sha256 = createHash('sha256');
  const git = createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(file)) {
    sha256.update(chunk);
    git.update(chunk);
  }
  const found = { sha256: sha256.digest('hex'), git: git.digest('hex') };
  digests.set(key, found);
  return found;
}
