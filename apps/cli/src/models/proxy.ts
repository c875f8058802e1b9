/** `fetch` through the proxies of HTTP_PROXY, HTTPS_PROXY and NO_PROXY, where there are any. */

/** @returns undefined where nothing asks for a proxy */
export async function proxiedFetch(env: NodeJS.ProcessEnv): Promise<typeof fetch | undefined> {
  const names = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];
  if (!names.some((name) => env[name])) return undefined;
  const { EnvHttpProxyAgent, fetch: proxied } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent();
  // Of the same making as the one of Node, whose types are those of another version.
  const send = proxied as unknown as typeof fetch;
  return (input, init) => send(input, { ...init, dispatcher } as RequestInit);
}
