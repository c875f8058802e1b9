/**
 * Names of models on a hub: `hf://org/name[@revision][/subfolder]`, as Python's HfFileSystem writes
 * them. A revision is a branch, a tag, a commit, or one of the special references `refs/pr/1` and
 * `refs/convert/parquet`, whose slashes do not end it.
 */
import { AlphaLoraError } from '@alphalora/contracts';

export interface HubReference {
  /** `org/name` */
  readonly repository: string;
  /** @default 'main' */
  readonly revision: string;
  /** Folder within the repository; empty for its root. */
  readonly subfolder: string;
}

const SCHEME = 'hf://';

export function isHubReference(text: string): boolean {
  return text.startsWith(SCHEME);
}

/** @throws AlphaLoraError `INVALID_OPTION` saying what a reference looks like */
export function parseHubReference(text: string): HubReference {
  const refuse = (what: string): never => {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${text}: ${what}; models are named hf://org/name, hf://org/name@revision or hf://org/name@revision/subfolder`,
    );
  };
  if (!isHubReference(text)) refuse('not a name on the hub');
  const [organisation = '', ...rest] = text.slice(SCHEME.length).split('/');
  if (['datasets', 'spaces', 'buckets', 'kernels'].includes(organisation)) {
    refuse(`${organisation} hold no models`);
  }
  const parts = /^([^@/]+)(?:@(refs\/(?:pr|convert)\/[^/]+|[^/]+))?(?:\/(.*))?$/.exec(
    rest.join('/'),
  );
  if (!parts) return refuse('an organisation and a name are needed');
  const [, name = '', revision, path = ''] = parts;
  for (const part of [organisation, name]) {
    // The hub's rule, which also keeps names from leaving a cache folder.
    if (!/^[\w](?:[\w.-]*[\w])?$/.test(part) || /--|\.\./.test(part) || part.length > 96) {
      refuse(`"${part}" is no name that the hub allows`);
    }
  }
  const subfolder = path.replace(/\/+$/, '');
  if (subfolder !== '' && subfolder.split('/').some((folder) => /^\.{0,2}$|[\\\0]/.test(folder))) {
    refuse('the subfolder leads out of the repository');
  }
  return {
    repository: `${organisation}/${name}`,
    revision: revision === undefined ? 'main' : decoded(revision, refuse),
    subfolder,
  };
}

function decoded(revision: string, refuse: (what: string) => never): string {
  try {
    const text = decodeURIComponent(revision);
    // Revisions become paths of a cache.
    if (!/^[\w.+/-]+$/.test(text) || text.split('/').some((part) => /^\.{0,2}$/.test(part))) {
      return refuse(`"${text}" is no revision`);
    }
    return text;
  } catch {
    return refuse(`"${revision}" is no revision`);
  }
}

export function formatHubReference({ repository, revision, subfolder }: HubReference): string {
  const at = /^refs\/(pr|convert)\/[^/]+$/.test(revision) ? revision : encodeURIComponent(revision);
  return `${SCHEME}${repository}@${at}${subfolder === '' ? '' : `/${subfolder}`}`;
}

/** Whether a revision names a commit, whose content never changes. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
