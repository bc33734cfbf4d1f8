import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import type { Credential } from './credential.ts';
import { proxyFromEnvironment } from './proxy.ts';

/**
 * The OIDC login of a kubeconfig (`auth-provider`, k8s.io/client-go/plugin/pkg/client/auth/oidc). client-node's own cannot
 * renew a token: it hands its OpenID library an address in a form that this refuses.
 */
export interface OidcLogin {
  idToken: string;
  refreshToken: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** PEM; '' for the CAs of the system. */
  ca: string;
  env: Record<string, string | undefined>;
}

/** Why there is no token. The message holds nothing of what the provider answered. */
export class OidcError extends Error {}

/** A token that ends while the request is under way helps nobody (the same margin as golang.org/x/oauth2). */
const MARGIN_MS = 10_000;
const TIMEOUT_MS = 30_000;

/** The login in the `config` of an auth-provider; paths in it are absolute by now. */
export function oidcLogin(config: Record<string, unknown>, env: OidcLogin['env']): OidcLogin {
  const text = (name: string): string => (typeof config[name] === 'string' ? config[name] : '');
  return {
    idToken: text('id-token'),
    refreshToken: text('refresh-token'),
    issuer: text('idp-issuer-url').replace(/\/$/, ''),
    clientId: text('client-id'),
    clientSecret: text('client-secret'),
    ca: certificateAuthority(text('idp-certificate-authority-data'), text('idp-certificate-authority')),
    env,
  };
}

function certificateAuthority(data: string, file: string): string {
  if (data !== '') return Buffer.from(data, 'base64').toString('utf8');
  if (file === '') return '';
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new OidcError(`its idp-certificate-authority cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** The id-token while it holds, else a new one from the provider. Throws OidcError. */
export async function oidcToken(login: OidcLogin): Promise<Credential> {
  const held = credentialOf(login.idToken);
  if (held.expires > Date.now()) return held;
  if (login.refreshToken === '' || login.issuer === '' || login.clientId === '') {
    throw new OidcError(
      login.idToken === '' ? 'it holds no id-token' : 'its id-token has expired, and there is nothing to renew it with',
    );
  }
  const dispatcher = dispatcherTo(login);
  try {
    const found = await call(dispatcher, `${login.issuer}/.well-known/openid-configuration`);
    const endpoint = found.body.token_endpoint;
    if (found.status !== 200 || typeof endpoint !== 'string') {
      throw new OidcError(`its provider ${login.issuer} answered ${found.status}, without a token_endpoint`);
    }
    return await renew(dispatcher, endpoint, login);
  } finally {
    await dispatcher.destroy();
  }
}

async function renew(dispatcher: Dispatcher, endpoint: string, login: OidcLogin): Promise<Credential> {
  const { clientId, clientSecret, refreshToken } = login;
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId };
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
  // RFC 6749, 2.3.1: every provider takes the header; some take the fields only.
  const first =
    clientSecret === ''
      ? await call(dispatcher, endpoint, { form })
      : await call(dispatcher, endpoint, { form, authorization: `Basic ${basic}` });
  const answer =
    clientSecret !== '' && first.status >= 400 && first.status < 500
      ? await call(dispatcher, endpoint, { form: { ...form, client_secret: clientSecret } })
      : first;
  const token = answer.body.id_token;
  if (answer.status !== 200 || typeof token !== 'string') {
    throw new OidcError(`its provider ${login.issuer} did not renew it (${answer.status})`);
  }
  if (typeof answer.body.refresh_token === 'string') login.refreshToken = answer.body.refresh_token;
  login.idToken = token;
  return credentialOf(token);
}

function dispatcherTo({ issuer, ca, env }: OidcLogin): Dispatcher {
  const url = URL.parse(issuer);
  if (url?.protocol !== 'https:') throw new OidcError('its idp-issuer-url is no https address');
  const tls = ca === '' ? {} : { ca };
  const proxy = proxyFromEnvironment(url, env);
  return proxy === undefined
    ? new Agent({ connect: { ...tls, timeout: TIMEOUT_MS } })
    : new ProxyAgent({ uri: proxy, requestTls: tls });
}

async function call(
  dispatcher: Dispatcher,
  url: string,
  post?: { form: Record<string, string>; authorization?: string },
): Promise<{ status: number; body: Record<string, unknown> }> {
  try {
    const answer = await request(url, {
      dispatcher,
      method: post === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        ...(post === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        ...(post?.authorization === undefined ? {} : { authorization: post.authorization }),
      },
      body: post === undefined ? null : new URLSearchParams(post.form).toString(),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    const body = (await answer.body.json().catch(() => ({}))) as Record<string, unknown>;
    return { status: answer.statusCode, body };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OidcError(`its provider could not be asked (${code ?? 'no code'})`, { cause: error });
  }
}

function credentialOf(token: string): Credential {
  let expires = 0;
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      exp?: unknown;
    };
    if (typeof claims.exp === 'number') expires = claims.exp * 1000 - MARGIN_MS;
  } catch {
    // No token at all: it counts as expired.
  }
  return { token, certificate: '', key: '', expires };
}
