import type { KubeObject } from '../../src/model/objects.ts';
import type { ForeignServices } from './foreign-services.ts';

/**
 * One manifest for each way in which an issuer or a Certificate names something, as cert-manager 1.21's own webhook
 * accepts it: written by hand from cert-manager's API reference, so that the table in src/refs/paths.ts is compared
 * with something that does not come from it.
 */

/** What an issuer's manifest needs of the world around. */
export interface World {
  /** URL and CA (PEM) of an ACME server. */
  acme: { directoryUrl: string; ca: string };
  /** Id of an external account that the ACME server knows, and its MAC key. */
  externalAccount: { id: string; key: string };
  foreign: ForeignServices;
  /** A CA's certificate and key, PEM. */
  ca: { 'tls.crt': string; 'tls.key': string };
  /** A TLS client's. */
  client: { 'tls.crt': string; 'tls.key': string };
}

/** Data of a Secret; `id` is a text that occurs in no other Secret. */
type Data = (world: World, id: string) => Record<string, string>;

/** An object that a field names. */
export interface Named {
  /** Path of the field, in the notation of src/refs/paths.ts. */
  path: string;
  kind: 'Secret' | 'ServiceAccount' | 'Gateway';
  /** Appended to the manifest's name. */
  suffix: string;
  /** Absent: cert-manager makes this Secret itself, or it is no Secret. */
  data?: Data;
  /** `challenge`: beside the Certificate for which a solver runs; `fixed`: see GATEWAY. */
  lives?: 'resource' | 'challenge' | 'fixed';
  /** In the Secret: what the foreign system must have been shown. */
  shown?: (world: World, id: string) => string;
}

/** Who the issuer talks to: decides what its Ready condition can say. */
export type Shape = 'ca' | 'acme' | 'vault' | 'venafi-tpp' | 'unreachable';

export interface IssuerManifest {
  name: string;
  shape: Shape;
  names: Named[];
  spec: (world: World, nameOf: (path: string) => string) => Record<string, unknown>;
}

/** The Gateway of the gatewayHTTPRoute solvers: a parentRef gives its namespace. */
export const GATEWAY = { namespace: 'infra', name: 'public-gateway' };

/** Values of fields that are no references, although Secrets of these names stand beside the real ones. */
export const PLAIN_VALUES = ['plain-role', 'plain-project', 'plain-zone', 'plain-host', 'plain-user'];
const [ROLE, PROJECT, ZONE, HOST, USER] = PLAIN_VALUES as [string, string, string, string, string];

/** The name that the issuer of this manifest can issue for. */
export const hostOf = (manifest: string) => `${manifest}.example.com`;

const base64 = (text: string) => Buffer.from(text).toString('base64');
const text =
  (key: string): Data =>
  (_world, id) => ({ [key]: id });

const SOLVER = 'spec.acme.solvers[]';
const DNS01 = `${SOLVER}.dns01`;
const ACCOUNT = 'spec.acme.privateKeySecretRef';
const INGRESS = { ingress: { ingressClassName: 'none' } };
/** The only solver that can work here: Pebble takes every challenge for passed, and 1.21 can do without its own look. */
const WORKING_SOLVER = { http01: INGRESS, waitInsteadOfSelfCheck: '0s' };

/** An ACME issuer that can issue for `hostOf(name)`, whatever its other solver is. */
function acme(
  name: string,
  names: Named[],
  spec: (nameOf: (path: string) => string, world: World) => { solver?: unknown; more?: Record<string, unknown> },
): IssuerManifest {
  return {
    name,
    shape: 'acme',
    names: [{ path: ACCOUNT, kind: 'Secret', suffix: '-account' }, ...names],
    spec: (world, nameOf) => {
      const { solver, more } = spec(nameOf, world);
      return {
        acme: {
          server: world.acme.directoryUrl,
          caBundle: base64(world.acme.ca),
          privateKeySecretRef: { name: nameOf(ACCOUNT) },
          solvers: [
            ...(solver === undefined ? [] : [solver]),
            { selector: { dnsNames: [hostOf(name)] }, ...WORKING_SOLVER },
          ],
          ...more,
        },
      };
    },
  };
}

/** An ACME issuer with one DNS01 solver. `keys`: the data key of each of its Secrets, by field. */
function dns01(
  name: string,
  provider: string,
  keys: Record<string, string>,
  config: Record<string, unknown>,
): IssuerManifest {
  const names = Object.entries(keys).map(
    ([field, key], i): Named => ({
      path: `${DNS01}.${provider}.${field}`,
      kind: 'Secret',
      suffix: `-credential${i === 0 ? '' : i}`,
      data: text(key),
    }),
  );
  return acme(name, names, (nameOf) => {
    const refs = Object.entries(keys).map(([field, key]) => [
      field,
      { name: nameOf(`${DNS01}.${provider}.${field}`), key },
    ]);
    return { solver: { dns01: { [provider]: { ...config, ...Object.fromEntries(refs) } } } };
  });
}

/** An ACME issuer whose solver has a Pod template. */
function podTemplate(name: string, field: 'ingress' | 'gatewayHTTPRoute', http01: Record<string, unknown>) {
  const spec = `${SOLVER}.http01.${field}.podTemplate.spec`;
  const names: Named[] = [
    {
      path: `${spec}.imagePullSecrets[]`,
      kind: 'Secret',
      suffix: '-pull',
      data: text('.dockerconfigjson'),
      lives: 'challenge',
    },
    { path: `${spec}.serviceAccountName`, kind: 'ServiceAccount', suffix: '-solver', lives: 'challenge' },
  ];
  if (field === 'gatewayHTTPRoute') {
    names.push({ path: `${SOLVER}.http01.gatewayHTTPRoute.parentRefs[]`, kind: 'Gateway', suffix: '', lives: 'fixed' });
  }
  return acme(name, names, (nameOf) => ({
    solver: {
      http01: {
        [field]: {
          ...http01,
          podTemplate: {
            spec: {
              imagePullSecrets: [{ name: nameOf(`${spec}.imagePullSecrets[]`) }],
              serviceAccountName: nameOf(`${spec}.serviceAccountName`),
            },
          },
        },
      },
    },
  }));
}

function vault(
  name: string,
  names: Named[],
  spec: (nameOf: (path: string) => string, world: World) => Record<string, unknown>,
): IssuerManifest {
  return {
    name,
    shape: 'vault',
    names,
    spec: (world, nameOf) => ({
      vault: {
        server: world.foreign.url,
        path: `pki/sign/${ROLE}`,
        caBundle: base64(world.foreign.ca),
        ...spec(nameOf, world),
      },
    }),
  };
}

const shownAsIs = (_world: World, id: string) => id;

const VAULT_TOKEN: Named = {
  path: 'spec.vault.auth.tokenSecretRef',
  kind: 'Secret',
  suffix: '-token',
  data: text('token'),
  shown: shownAsIs,
};

export const ISSUER_MANIFESTS: readonly IssuerManifest[] = [
  // ACME
  acme('acme', [], () => ({})),
  acme(
    'acme-external',
    [
      {
        path: 'spec.acme.externalAccountBinding.keySecretRef',
        kind: 'Secret',
        suffix: '-mac',
        data: (world, id) => ({ mac: world.externalAccount.key, note: id }),
      },
    ],
    (nameOf, world) => ({
      more: {
        externalAccountBinding: {
          keyID: world.externalAccount.id,
          keySecretRef: { name: nameOf('spec.acme.externalAccountBinding.keySecretRef'), key: 'mac' },
        },
      },
    }),
  ),
  dns01('acmedns', 'acmeDNS', { accountSecretRef: 'acmedns.json' }, { host: `https://${HOST}` }),
  dns01(
    'akamai',
    'akamai',
    {
      accessTokenSecretRef: 'access-token',
      clientSecretSecretRef: 'client-secret',
      clientTokenSecretRef: 'client-token',
    },
    { serviceConsumerDomain: `${HOST}.example.com` },
  ),
  dns01(
    'azure',
    'azureDNS',
    { clientSecretSecretRef: 'client-secret' },
    { clientID: USER, tenantID: USER, subscriptionID: PROJECT, resourceGroupName: PROJECT, hostedZoneName: ZONE },
  ),
  dns01('clouddns', 'cloudDNS', { serviceAccountSecretRef: 'key.json' }, { project: PROJECT, hostedZoneName: ZONE }),
  dns01('cloudflare-key', 'cloudflare', { apiKeySecretRef: 'api-key' }, { email: `${USER}@example.com` }),
  dns01('cloudflare-token', 'cloudflare', { apiTokenSecretRef: 'api-token' }, {}),
  dns01('digitalocean', 'digitalocean', { tokenSecretRef: 'access-token' }, {}),
  dns01(
    'rfc2136',
    'rfc2136',
    { tsigSecretSecretRef: 'tsig' },
    { nameserver: '127.0.0.1:5353', tsigKeyName: USER, tsigAlgorithm: 'HMACSHA512' },
  ),
  dns01(
    'route53',
    'route53',
    { accessKeyIDSecretRef: 'access-key-id', secretAccessKeySecretRef: 'secret-access-key' },
    { region: 'eu-central-1', role: ROLE, hostedZoneID: ZONE },
  ),
  acme(
    'route53-role',
    [{ path: `${DNS01}.route53.auth.kubernetes.serviceAccountRef`, kind: 'ServiceAccount', suffix: '-dns' }],
    (nameOf) => ({
      solver: {
        dns01: {
          route53: {
            region: 'eu-central-1',
            role: ROLE,
            auth: {
              kubernetes: {
                serviceAccountRef: { name: nameOf(`${DNS01}.route53.auth.kubernetes.serviceAccountRef`) },
              },
            },
          },
        },
      },
    }),
  ),
  acme(
    'webhook',
    [{ path: `${DNS01}.webhook.config`, kind: 'Secret', suffix: '-credential', data: text('password') }],
    (nameOf) => ({
      solver: {
        dns01: {
          webhook: {
            groupName: 'acme.example.com',
            solverName: 'example',
            config: {
              zoneName: ZONE,
              project: PROJECT,
              user: { name: USER },
              passwordSecretRef: { name: nameOf(`${DNS01}.webhook.config`), key: 'password' },
            },
          },
        },
      },
    }),
  ),
  podTemplate('ingress', 'ingress', { ingressClassName: 'none' }),
  podTemplate('gateway', 'gatewayHTTPRoute', { parentRefs: [{ kind: 'Gateway', ...GATEWAY }] }),
  // CA
  {
    name: 'ca',
    shape: 'ca',
    names: [{ path: 'spec.ca.secretName', kind: 'Secret', suffix: '-root', data: ({ ca }) => ca }],
    spec: (_world, nameOf) => ({ ca: { secretName: nameOf('spec.ca.secretName') } }),
  },
  // Vault
  vault('vault-token', [VAULT_TOKEN], (nameOf) => ({
    auth: { tokenSecretRef: { name: nameOf('spec.vault.auth.tokenSecretRef'), key: 'token' } },
  })),
  vault(
    'vault-approle',
    [
      {
        path: 'spec.vault.auth.appRole.secretRef',
        kind: 'Secret',
        suffix: '-secret-id',
        data: text('secret-id'),
        shown: shownAsIs,
      },
    ],
    (nameOf) => ({
      auth: {
        appRole: {
          path: 'approle',
          roleId: ROLE,
          secretRef: { name: nameOf('spec.vault.auth.appRole.secretRef'), key: 'secret-id' },
        },
      },
    }),
  ),
  vault(
    'vault-certificate',
    [
      {
        path: 'spec.vault.auth.clientCertificate.secretName',
        kind: 'Secret',
        suffix: '-client',
        data: ({ client }) => client,
      },
    ],
    (nameOf) => ({
      auth: { clientCertificate: { name: ROLE, secretName: nameOf('spec.vault.auth.clientCertificate.secretName') } },
    }),
  ),
  vault(
    'vault-kubernetes',
    [
      {
        path: 'spec.vault.auth.kubernetes.secretRef',
        kind: 'Secret',
        suffix: '-jwt',
        data: text('token'),
        shown: shownAsIs,
      },
    ],
    (nameOf) => ({
      auth: {
        // Without `key`: cert-manager reads "token".
        kubernetes: { role: ROLE, secretRef: { name: nameOf('spec.vault.auth.kubernetes.secretRef') } },
      },
    }),
  ),
  vault(
    'vault-account',
    [{ path: 'spec.vault.auth.kubernetes.serviceAccountRef', kind: 'ServiceAccount', suffix: '-login' }],
    (nameOf) => ({
      auth: {
        kubernetes: {
          role: ROLE,
          serviceAccountRef: { name: nameOf('spec.vault.auth.kubernetes.serviceAccountRef') },
        },
      },
    }),
  ),
  {
    // Would ask AWS for a token first; the region does not exist, so that nobody is asked.
    ...vault(
      'vault-aws',
      [{ path: 'spec.vault.auth.aws.serviceAccountRef', kind: 'ServiceAccount', suffix: '-login' }],
      (nameOf) => ({
        auth: {
          aws: {
            role: ROLE,
            region: 'certkeep-test',
            iamRoleArn: `arn:aws:iam::123456789012:role/${ROLE}`,
            serviceAccountRef: { name: nameOf('spec.vault.auth.aws.serviceAccountRef') },
          },
        },
      }),
    ),
    shape: 'unreachable',
  },
  vault(
    'vault-bundle',
    [
      VAULT_TOKEN,
      {
        path: 'spec.vault.caBundleSecretRef',
        kind: 'Secret',
        suffix: '-bundle',
        data: ({ foreign }, id) => ({ 'ca.crt': foreign.ca, note: id }),
      },
    ],
    (nameOf) => ({
      caBundle: undefined,
      caBundleSecretRef: { name: nameOf('spec.vault.caBundleSecretRef') },
      auth: { tokenSecretRef: { name: nameOf('spec.vault.auth.tokenSecretRef'), key: 'token' } },
    }),
  ),
  vault(
    'vault-mtls',
    [
      VAULT_TOKEN,
      {
        path: 'spec.vault.clientCertSecretRef',
        kind: 'Secret',
        suffix: '-cert',
        data: ({ client }) => ({ 'tls.crt': client['tls.crt'] }),
      },
      {
        path: 'spec.vault.clientKeySecretRef',
        kind: 'Secret',
        suffix: '-key',
        data: ({ client }) => ({ 'tls.key': client['tls.key'] }),
      },
    ],
    (nameOf) => ({
      clientCertSecretRef: { name: nameOf('spec.vault.clientCertSecretRef') },
      clientKeySecretRef: { name: nameOf('spec.vault.clientKeySecretRef') },
      auth: { tokenSecretRef: { name: nameOf('spec.vault.auth.tokenSecretRef'), key: 'token' } },
    }),
  ),
  // Venafi
  {
    name: 'tpp',
    shape: 'venafi-tpp',
    names: [
      {
        path: 'spec.venafi.tpp.credentialsRef',
        kind: 'Secret',
        suffix: '-credentials',
        data: text('access-token'),
        shown: shownAsIs,
      },
      {
        path: 'spec.venafi.tpp.caBundleSecretRef',
        kind: 'Secret',
        suffix: '-bundle',
        data: ({ foreign }, id) => ({ 'ca.crt': foreign.ca, note: id }),
      },
    ],
    spec: ({ foreign }, nameOf) => ({
      venafi: {
        zone: ZONE,
        tpp: {
          url: foreign.url,
          credentialsRef: { name: nameOf('spec.venafi.tpp.credentialsRef') },
          caBundleSecretRef: { name: nameOf('spec.venafi.tpp.caBundleSecretRef') },
        },
      },
    }),
  },
  {
    // Its field has no CA of its own, so that it does not trust the stand-in.
    name: 'venafi-cloud',
    shape: 'unreachable',
    names: [{ path: 'spec.venafi.cloud.apiTokenSecretRef', kind: 'Secret', suffix: '-key', data: text('api-key') }],
    spec: ({ foreign }, nameOf) => ({
      venafi: {
        zone: ZONE,
        cloud: {
          url: foreign.url,
          apiTokenSecretRef: { name: nameOf('spec.venafi.cloud.apiTokenSecretRef'), key: 'api-key' },
        },
      },
    }),
  },
  {
    name: 'venafi-ngts',
    shape: 'unreachable',
    names: [
      {
        path: 'spec.venafi.ngts.credentialsRef',
        kind: 'Secret',
        suffix: '-credentials',
        data: (_world, id) => ({ 'client-id': USER, 'client-secret': id }),
      },
    ],
    spec: ({ foreign }, nameOf) => ({
      venafi: {
        zone: ZONE,
        ngts: {
          url: foreign.url,
          tokenEndpoint: `${foreign.url}/oauth2/access_token`,
          tsgID: '1234567890',
          credentialsRef: { name: nameOf('spec.venafi.ngts.credentialsRef') },
        },
      },
    }),
  },
];

/** The references of a Certificate, and a Certificate that has them all. */
export const CERTIFICATE_NAMES: readonly Named[] = [
  { path: 'spec.secretName', kind: 'Secret', suffix: '-tls' },
  { path: 'spec.keystores.jks.passwordSecretRef', kind: 'Secret', suffix: '-jks', data: text('password') },
  { path: 'spec.keystores.pkcs12.passwordSecretRef', kind: 'Secret', suffix: '-pkcs12', data: text('passphrase') },
];

export function keystoreCertificate(namespace: string, name: string, issuerRef: Record<string, string>): KubeObject {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { namespace, name },
    spec: {
      secretName: `${name}-tls`,
      dnsNames: [`${name}.example.com`],
      issuerRef,
      keystores: {
        jks: { create: true, alias: USER, passwordSecretRef: { name: `${name}-jks`, key: 'password' } },
        pkcs12: { create: true, passwordSecretRef: { name: `${name}-pkcs12`, key: 'passphrase' } },
      },
    },
  };
}

/**
 * What cert-manager's backup tutorial tells to copy by hand (docs/devops-tips/backup.md, "Backing up Secrets"): the root
 * CA of a CA issuer, Vault's token and AppRole Secret, ACME account keys, the DNS providers' credentials.
 */
export const TUTORIAL: readonly string[] = [
  'spec.ca.secretName',
  'spec.vault.auth.tokenSecretRef',
  'spec.vault.auth.appRole.secretRef',
  'spec.acme.privateKeySecretRef',
  ...[
    'acmeDNS.accountSecretRef',
    'akamai.accessTokenSecretRef',
    'akamai.clientSecretSecretRef',
    'akamai.clientTokenSecretRef',
    'azureDNS.clientSecretSecretRef',
    'cloudDNS.serviceAccountSecretRef',
    'cloudflare.apiKeySecretRef',
    'cloudflare.apiTokenSecretRef',
    'digitalocean.tokenSecretRef',
    'rfc2136.tsigSecretSecretRef',
    'route53.accessKeyIDSecretRef',
    'route53.secretAccessKeySecretRef',
    'webhook.config',
  ].map((field) => `spec.acme.solvers[].dns01.${field}`),
];
