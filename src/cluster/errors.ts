import { CertkeepError, type ProblemCode } from '../model/problems.ts';
import { ApiError } from './api-error.ts';
import { errorCode } from './retry.ts';
import { ProxiedError } from './transport.ts';

/**
 * Any error of a cluster call as one with a documented code, its likely cause and the fix. `what` says what was tried,
 * as words after "Cannot": "list Certificates". A CertkeepError comes back as it is. Neither a response body nor a
 * credential is ever part of the text.
 */
export function explainApiError(error: unknown, what: string): CertkeepError {
  if (error instanceof CertkeepError) return error;
  if (error instanceof ApiError) return explainAnswer(error, what);
  if (error instanceof Error && error.name === 'AbortError') {
    return new CertkeepError('interrupted', `Interrupted while trying to ${what}.`, 'Run the command again.', {
      cause: error,
    });
  }
  return explainNetwork(error, what);
}

function explainAnswer(error: ApiError, what: string): CertkeepError {
  const make = (code: ProblemCode, because: string, fix: string): CertkeepError =>
    new CertkeepError(code, `Cannot ${what}: ${because}.`, fix, { cause: error });
  const words = error.detail.replace(/\.$/, '');
  const said = words === '' ? '' : ` (${words})`;
  if (error.reason === 'NotJSON') {
    return make(
      'unreachable',
      'what answered is not a Kubernetes API server; perhaps the port is wrong, or a login page or proxy stands in between',
      'Check the server and proxy of the kubeconfig context: kubectl get --raw /version.',
    );
  }
  switch (error.status) {
    case 400:
      if (!['get', 'list', 'watch'].includes(error.verb)) break;
      return make(
        'wrong-usage',
        `the API server does not understand the query (400)${said}`,
        'Correct what was given for it: a --selector is written as for kubectl -l (a=b,c!=d,e in (f,g)).',
      );
    case 401:
      return make(
        'unauthorized',
        'the API server does not accept the credentials (401); the token has expired, or it belongs to another cluster',
        'Log in again, or renew the token or certificate in the kubeconfig: kubectl auth whoami shows whether it works.',
      );
    case 403:
      if (error.user === 'system:anonymous') {
        return make(
          'unauthorized',
          'the API server sees nobody behind the request (system:anonymous, 403): the kubeconfig context gives no credentials',
          'Check the user entry of the kubeconfig: kubectl --context NAME auth whoami.',
        );
      }
      return make(
        'forbidden',
        `${error.user === '' ? 'these credentials have' : `"${error.user}" has`} no right to ${rightOf(error)} (403)`,
        'Grant it: certkeep rbac prints the rights that a command needs, and docs/permissions.md explains them.',
      );
    case 404:
      if (/^\/apis\/(acme\.)?cert-manager\.io(\/|$)/.test(error.path)) {
        return make(
          'cert-manager-not-installed',
          'the API server does not know the kinds of cert-manager (404); its CRDs are not installed, or this is the wrong cluster',
          'Install cert-manager with its CRDs first, or choose the right --context.',
        );
      }
      return make(
        'api-unavailable',
        `the API server does not know ${error.path} (404)`,
        'Check the server and version of the cluster.',
      );
    case 429:
      return make(
        'api-unavailable',
        'the API server is overloaded and keeps refusing (429)',
        'Try again later, or give the user a flow schema with a higher priority.',
      );
    case 409:
    case 413:
    case 422:
      return make(
        'write-refused',
        `the API server refuses it (${error.status})${said}`,
        'Correct what it names, then run the command again.',
      );
    default:
      break;
  }
  if (error.status === 500 && words.includes('webhook')) {
    return make(
      'write-refused',
      `a webhook could not be called (500)${said}`,
      'Check that the webhook named there runs: kubectl get pods -A -l app.kubernetes.io/component=webhook.',
    );
  }
  if (error.status >= 500) {
    return make(
      'api-unavailable',
      `the API server failed (${error.status}) also when asked again${said}`,
      'Check the health of the control plane: kubectl get --raw "/readyz?verbose".',
    );
  }
  return make(
    'write-refused',
    `the API server refuses it (${error.status})${said}`,
    'Correct what it names, then run the command again.',
  );
}

/** `list certificates.cert-manager.io in the namespace app1`, from the request itself. */
function rightOf(error: ApiError): string {
  const match =
    /^\/(?:api|apis\/([^/]+))\/[^/]+(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?$/.exec(
      error.path,
    );
  if (match === null) return `${error.verb} ${error.path}`;
  const [, group, namespace, resource, name, subresource] = match;
  return [
    error.verb,
    ` ${resource}${subresource === undefined ? '' : `/${subresource}`}${group === undefined ? '' : `.${group}`}`,
    name === undefined ? '' : ` "${name}"`,
    namespace === undefined ? (name === undefined ? ' in all namespaces' : '') : ` in the namespace ${namespace}`,
  ].join('');
}

const TLS_CA = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
]);

/** Codes of a TLS handshake that reached the API server. */
const TLS_CODE = /CERT|SIGNATURE|SSL|EPROTO/;

function explainNetwork(error: unknown, what: string): CertkeepError {
  const code = errorCode(error);
  if (error instanceof ProxiedError && !TLS_CODE.test(code)) {
    return new CertkeepError(
      'unreachable',
      `Cannot ${what}: the connection through the proxy ${error.proxy} failed (${code || 'no code'}).`,
      'Check proxy-url in the kubeconfig, or HTTPS_PROXY; NO_PROXY lists the hosts to reach without the proxy.',
      { cause: error },
    );
  }
  const unreachable = (because: string, fix: string): CertkeepError =>
    new CertkeepError('unreachable', `Cannot ${what}: ${because}.`, fix, { cause: error });
  if (code === 'ECONNREFUSED') {
    return unreachable(
      'nothing listens at the API server’s address and port (connection refused); the server is down, or the port is wrong',
      'Check the server of the kubeconfig context: kubectl cluster-info.',
    );
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return unreachable(
      'the name of the API server cannot be resolved (DNS); the server is misspelt, or this machine is outside the cluster’s network',
      'Check the server of the kubeconfig context, and VPN or private DNS; a GitHub-hosted runner sees public names only.',
    );
  }
  if (TLS_CA.has(code)) {
    return unreachable(
      'the API server’s certificate is not signed by the CA in the kubeconfig; the kubeconfig is of another or of a rebuilt cluster, or something in between intercepts TLS',
      'Get a fresh kubeconfig of this cluster, with its certificate-authority-data.',
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return unreachable(
      'the API server’s certificate is not for the host name in the kubeconfig',
      'Use a name that the certificate holds, or set tls-server-name in the kubeconfig’s cluster entry.',
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return unreachable(
      'the API server’s certificate is not valid at this time',
      'Check the clock of this machine; else renew the certificates of the control plane.',
    );
  }
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
    return unreachable(
      'the TLS connection failed: the port speaks no TLS, or the server refuses the client certificate',
      'Check https, port and client certificate of the kubeconfig context.',
    );
  }
  if (code.startsWith('ERR_OSSL') || code === 'ERR_CRYPTO_INVALID_PEM') {
    return new CertkeepError(
      'bad-kubeconfig',
      `Cannot ${what}: a certificate or key in the kubeconfig is damaged.`,
      'Write the kubeconfig anew; pasting it into a workflow secret may have cut it off.',
    );
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') {
    return unreachable(
      'the connection to the API server was cut, also when tried again',
      'Check that the port is the API server’s, and proxies and load balancers in between.',
    );
  }
  if (/TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/.test(code)) {
    return unreachable(
      'the API server did not answer in time; it is down, or a firewall drops the packets',
      'Check that this machine may reach it: authorized networks, VPN, proxy (HTTPS_PROXY, NO_PROXY).',
    );
  }
  if (code !== '' && code !== 'ERR_INVALID_ARG_TYPE') {
    return unreachable(
      `the connection failed (${code})`,
      'Check the server of the kubeconfig context: kubectl cluster-info.',
    );
  }
  return new CertkeepError(
    'unexpected-error',
    `Cannot ${what}: an unexpected error.`,
    'Run it again with --verbose and report what it shows.',
    { cause: error },
  );
}
