/** `fetch` through proxies. */

/** As HTTP_PROXY, HTTPS_PROXY and NO_PROXY have them; empty where there is none. */
export interface ProxySettings {
  http: string;
  https: string;
  except: string;
}

export async function proxiedFetch(proxies: ProxySettings): Promise<typeof fetch> {
  const { EnvHttpProxyAgent, fetch: proxied } = await import('undici');
  const { http: httpProxy, https: httpsProxy, except: noProxy } = proxies;
  const dispatcher = new EnvHttpProxyAgent({ httpProxy, httpsProxy, noProxy });
  // Of the same making as the one of Node, whose types are those of another version.
  const send = proxied as unknown as typeof fetch;
  return (input, init) => send(input, { ...init, dispatcher } as RequestInit);
}
