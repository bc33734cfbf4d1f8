import type { Role } from '../model/backup.ts';

/**
 * Which field of cert-manager's own kinds names another object: the fields of the API as of cert-manager 1.11 to 1.21
 * (pkg/apis/certmanager/v1/types_issuer.go, types_certificate.go; pkg/apis/acme/v1/types_issuer.go). One row a field.
 */

/**
 * Where the named object lives.
 * - `resource`: the Issuer's namespace; for a ClusterIssuer the cluster resource namespace (pkg/controller/helper.go).
 * - `own`: the namespace of the object that holds the field.
 * - `challenge`: beside the Certificate, where cert-manager creates the solver's Pod and route; for a ClusterIssuer
 *   these are the namespaces of all Certificates that use it (pkg/issuer/acme/http/pod.go).
 */
export type NamespaceRule = 'resource' | 'own' | 'challenge';

export interface ReferencePath {
  /** `issuer` holds for Issuer and ClusterIssuer, whose schemas are the same. */
  holder: 'issuer' | 'certificate';
  /** Path to a string (the name itself) or to an object with `name` and perhaps `key`. `[]` stands for every element. */
  path: string;
  names: 'Secret' | 'ServiceAccount' | 'Gateway';
  /** The key of the Secret's data that is read where the field gives none; absent where none is read or one is required. */
  defaultKey?: string;
  /** Nothing breaks at once where the object is absent. */
  optional: boolean;
  role: Role;
  namespace: NamespaceRule;
}

function issuerSecret(path: string, defaultKey?: string): ReferencePath {
  const row: ReferencePath = {
    holder: 'issuer',
    path,
    names: 'Secret',
    optional: false,
    role: 'issuer-secret',
    namespace: 'resource',
  };
  return defaultKey === undefined ? row : { ...row, defaultKey };
}

function issuerServiceAccount(path: string): ReferencePath {
  return {
    holder: 'issuer',
    path,
    names: 'ServiceAccount',
    optional: false,
    role: 'other-secret',
    namespace: 'resource',
  };
}

const SOLVER = 'spec.acme.solvers[]';
const DNS01 = `${SOLVER}.dns01`;

/** The rows for a solver's Pod template, which stands in two places. */
function podTemplate(parent: string): ReferencePath[] {
  const spec = `${parent}.podTemplate.spec`;
  const common = { holder: 'issuer', optional: true, role: 'other-secret', namespace: 'challenge' } as const;
  return [
    // The kubelet starts a Pod without its pull secret; only a private image then cannot be pulled.
    { ...common, path: `${spec}.imagePullSecrets[]`, names: 'Secret' },
    { ...common, path: `${spec}.serviceAccountName`, names: 'ServiceAccount', optional: false },
  ];
}

export const REFERENCE_PATHS: readonly ReferencePath[] = [
  // ACME. cert-manager makes a new account key (and so a new account) where this Secret is absent.
  { ...issuerSecret('spec.acme.privateKeySecretRef', 'tls.key'), role: 'account-key' },
  issuerSecret('spec.acme.externalAccountBinding.keySecretRef'),
  issuerSecret(`${DNS01}.acmeDNS.accountSecretRef`),
  issuerSecret(`${DNS01}.akamai.accessTokenSecretRef`),
  issuerSecret(`${DNS01}.akamai.clientSecretSecretRef`),
  issuerSecret(`${DNS01}.akamai.clientTokenSecretRef`),
  issuerSecret(`${DNS01}.azureDNS.clientSecretSecretRef`),
  issuerSecret(`${DNS01}.cloudDNS.serviceAccountSecretRef`),
  issuerSecret(`${DNS01}.cloudflare.apiKeySecretRef`),
  issuerSecret(`${DNS01}.cloudflare.apiTokenSecretRef`),
  issuerSecret(`${DNS01}.digitalocean.tokenSecretRef`),
  issuerSecret(`${DNS01}.rfc2136.tsigSecretSecretRef`),
  issuerSecret(`${DNS01}.route53.accessKeyIDSecretRef`),
  issuerSecret(`${DNS01}.route53.secretAccessKeySecretRef`),
  issuerServiceAccount(`${DNS01}.route53.auth.kubernetes.serviceAccountRef`),
  ...podTemplate(`${SOLVER}.http01.ingress`),
  ...podTemplate(`${SOLVER}.http01.gatewayHTTPRoute`),
  {
    holder: 'issuer',
    path: `${SOLVER}.http01.gatewayHTTPRoute.parentRefs[]`,
    names: 'Gateway',
    optional: false,
    role: 'other-secret',
    namespace: 'challenge',
  },
  // CA
  { ...issuerSecret('spec.ca.secretName', 'tls.key'), role: 'ca-secret' },
  // Vault
  issuerSecret('spec.vault.auth.tokenSecretRef', 'token'),
  issuerSecret('spec.vault.auth.appRole.secretRef'),
  issuerSecret('spec.vault.auth.clientCertificate.secretName', 'tls.key'),
  issuerSecret('spec.vault.auth.kubernetes.secretRef', 'token'),
  issuerServiceAccount('spec.vault.auth.kubernetes.serviceAccountRef'),
  issuerServiceAccount('spec.vault.auth.aws.serviceAccountRef'),
  issuerSecret('spec.vault.caBundleSecretRef', 'ca.crt'),
  issuerSecret('spec.vault.clientCertSecretRef', 'tls.crt'),
  issuerSecret('spec.vault.clientKeySecretRef', 'tls.key'),
  // Venafi: these name whole Secrets with several keys, not one key.
  issuerSecret('spec.venafi.tpp.credentialsRef'),
  issuerSecret('spec.venafi.tpp.caBundleSecretRef', 'ca.crt'),
  issuerSecret('spec.venafi.cloud.apiTokenSecretRef', 'api-key'),
  issuerSecret('spec.venafi.ngts.credentialsRef'),
  // Certificate
  {
    holder: 'certificate',
    path: 'spec.secretName',
    names: 'Secret',
    defaultKey: 'tls.crt',
    optional: false,
    role: 'leaf-secret',
    namespace: 'own',
  },
  ...['jks', 'pkcs12'].map(
    (store): ReferencePath => ({
      holder: 'certificate',
      path: `spec.keystores.${store}.passwordSecretRef`,
      names: 'Secret',
      optional: false,
      role: 'keystore-password',
      namespace: 'own',
    }),
  ),
];

/** Where an ACME webhook solver keeps its own configuration: free-form JSON that only the solver understands. */
export const WEBHOOK_CONFIG_PATH = `${DNS01}.webhook.config`;

/** Providers whose fields were written in lower case before cert-manager.io/v1beta1. */
const OLD_PROVIDERS: Readonly<Record<string, string>> = {
  acmeDNS: 'acmedns',
  azureDNS: 'azuredns',
  cloudDNS: 'clouddns',
};

/**
 * The forms that old manifests have and no cluster serves any more: `acme.dns01.providers` (certmanager.k8s.io/v1alpha1,
 * before 0.11; cert-manager's backup tutorial still speaks of it), and providers in lower case (before v1beta1). Found in
 * a manifest, they name Secrets like the fields of today.
 */
export const OLD_REFERENCE_PATHS: readonly ReferencePath[] = REFERENCE_PATHS.filter((row) =>
  row.path.startsWith(`${DNS01}.`),
).flatMap((row) => {
  const [provider = '', ...rest] = row.path.slice(DNS01.length + 1).split('.');
  const old = OLD_PROVIDERS[provider];
  const at = (parent: string, name: string): ReferencePath => ({ ...row, path: [parent, name, ...rest].join('.') });
  return [
    at('spec.acme.dns01.providers[]', provider),
    ...(old === undefined ? [] : [at('spec.acme.dns01.providers[]', old), at(DNS01, old)]),
  ];
});
