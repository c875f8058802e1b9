/** What a refusal of a server means, and what to do about it: by status and the hub's X-Error-Code. */
import { AlphaLoraError, type ErrorCode } from '@alphalora/contracts';
import { type Answer, shown } from './exchange.js';
import type { HubReference } from './reference.js';

/** For files that are no model on the hub. */
export function explainUrl({ status, url }: Answer, name: string): AlphaLoraError {
  const details = { file: name, status };
  if (status === 404 || status === 410) {
    return new AlphaLoraError('NOT_FOUND', `${name} does not exist`, { details });
  }
  const mend =
    status === 401 || status === 403
      ? 'this address needs a permission: download the file and give its path'
      : 'try again, or download the file and give its path';
  return refused(`${name}: ${url.host} answers ${status}; ${mend}`, details);
}

/**
 * @param endpoint of the hub, for the pages that help
 * @param hasToken whether a token was sent
 */
export function explainHub(
  { repository, revision }: HubReference,
  { endpoint, hasToken }: { endpoint: URL; hasToken: boolean },
): (answer: Answer, name: string) => AlphaLoraError {
  return ({ status, headers, url }, name) => {
    const code = headers.get('x-error-code');
    const page = `${endpoint.origin}/${repository}`;
    const details = { file: name, status };
    const tokens = `set HF_TOKEN to a token from ${endpoint.origin}/settings/tokens`;
    const notFound = (what: string): AlphaLoraError => refused(what, details, 'NOT_FOUND');
    if (code === 'GatedRepo') {
      const account = hasToken ? 'with the account of your token' : `and ${tokens}`;
      return refused(
        `${repository} is gated: accept its conditions on ${page} ${account}`,
        details,
      );
    }
    if (code === 'RevisionNotFound') {
      return notFound(`${repository} has no revision ${revision}; ${page}/tree/main lists them`);
    }
    if (code === 'EntryNotFound') return notFound(`${name} does not exist`);
    if (code === 'RepoNotFound' || (status === 404 && url.origin === endpoint.origin)) {
      const mend = hasToken
        ? 'or your token does not reach it'
        : `or it is private: then ${tokens}`;
      return notFound(
        `there is no model ${repository} on ${endpoint.host}; check its name, ${mend}`,
      );
    }
    if (status === 401) {
      return refused(
        hasToken
          ? `${endpoint.host} does not accept the token; ${tokens}`
          : `${repository} needs a token; ${tokens}`,
        details,
      );
    }
    if (status === 403 && url.origin === endpoint.origin) {
      return refused(
        `${endpoint.host} refuses to show ${repository} (403)${hasToken ? ' with this token' : ''}; ${page} may say why`,
        details,
      );
    }
    return refused(`${name}: ${shown(url)} answers ${status}; try again later`, details);
  };
}

function refused(
  message: string,
  details: { file: string; status: number },
  code: ErrorCode = 'IO_FAILED',
): AlphaLoraError {
  return new AlphaLoraError(code, message, { details });
}
