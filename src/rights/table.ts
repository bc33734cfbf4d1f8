import { PAUSE_LEASE } from '../cluster/pause-record.ts';
import {
  CERT_MANAGER_CRDS,
  CERTIFICATE,
  CERTIFICATE_REQUEST,
  CLUSTER_ISSUER,
  CONFIG_MAP,
  CRD,
  DEPLOYMENT,
  INGRESS,
  ISSUER,
  LEASE,
  NAMESPACE,
  POD,
  SECRET,
} from '../model/kinds.ts';
import type { KnownSecret, MakerKind, RightsOptions, Use } from './options.ts';
import type { Verb } from './right.ts';

/** Where a right is needed; `namespacesOf` (rights.ts) makes namespaces of it. */
export type Place = 'cluster' | 'scope' | 'cert-manager' | 'cluster-resource' | 'leader-election' | 'canary';

export const PLACE_WORDS: Record<Place, string> = {
  cluster: 'cluster',
  scope: 'cluster, or each `--namespace`',
  'cert-manager': "cert-manager's namespace",
  'cluster-resource': 'the cluster resource namespace',
  'leader-election': 'the leader election namespace (`kube-system`)',
  canary: "the canary's namespace (that of cert-manager)",
};

/** A resource of a row: `plural` may have a subresource. */
export interface RowResource {
  group: string;
  plural: string;
}

/** One line of the table: rights that are needed together, for the same reason. */
export interface Row {
  uses: readonly Use[];
  verbs: readonly Verb[];
  resources: (options: RightsOptions) => readonly RowResource[];
  place: Place;
  /** The only objects that it is about, where they are known beforehand; undefined for all objects of the place. */
  objects?: (options: RightsOptions) => readonly { namespace?: string; name: string }[] | undefined;
  /** When it is needed, in words for the documentation; always, where this is absent. */
  when?: string;
  is?: (options: RightsOptions) => boolean;
  why: string;
  /** Without it the run does less, and says so; it is not refused. */
  optional?: true;
}

const always =
  (...resources: readonly RowResource[]) =>
  (): readonly RowResource[] =>
    resources;

const status = (resource: RowResource): RowResource => ({ ...resource, plural: `${resource.plural}/status` });

const scale = (resource: RowResource): RowResource => ({ ...resource, plural: `${resource.plural}/scale` });

/** Of these kinds only those that the backup holds, where one is known. */
const held =
  (...kinds: readonly (RowResource & { kind: string })[]) =>
  ({ known }: RightsOptions): readonly RowResource[] =>
    kinds.filter(({ kind }) => known === undefined || known.kinds.has(kind));

const MAKERS: Record<MakerKind, RowResource> = {
  Ingress: INGRESS,
  Gateway: { group: 'gateway.networking.k8s.io', plural: 'gateways' },
  ListenerSet: { group: 'gateway.networking.k8s.io', plural: 'listenersets' },
  XListenerSet: { group: 'gateway.networking.x-k8s.io', plural: 'xlistenersets' },
};

const named =
  (...names: readonly string[]) =>
  () =>
    names.map((name) => ({ name }));

/** Secrets that the backup knows by name, those of `wanted`; undefined where no backup is given. */
const secretsOf =
  (wanted: (secret: KnownSecret, options: RightsOptions) => boolean) =>
  (options: RightsOptions): readonly { namespace: string; name: string }[] | undefined =>
    options.known?.secrets.filter((secret) => inScope(secret, options) && wanted(secret, options));

function inScope({ namespace, purpose }: KnownSecret, { namespaces }: RightsOptions): boolean {
  return namespaces.length === 0 || namespaces.includes(namespace) || purpose === 'issuer';
}

const isLeaf = ({ purpose }: KnownSecret): boolean => purpose === 'leaf';

/** Which of the known Secrets a backup reads: every leaf for the baseline, and what it captures. */
function isCaptured(secret: KnownSecret, { secrets }: RightsOptions): boolean {
  return secrets === 'all' || isLeaf(secret) || (secrets === 'issuer' && secret.purpose === 'issuer');
}

/** A restore may have to make the namespaces first, so its rights cannot wait in them. */
const everywhere =
  (wanted: (secret: KnownSecret) => boolean) =>
  (options: RightsOptions): readonly { name: string }[] | undefined =>
    secretsOf(wanted)(options)?.map(({ namespace, name }) =>
      options.namespaces.length === 0 ? { name } : { namespace, name },
    );

const kindsToInclude = (include: readonly string[]): string[] => include.filter((resource) => resource !== 'crds');

const included = ({ include }: RightsOptions): { group: string; plural: string }[] =>
  kindsToInclude(include).map((resource) => {
    const [plural = '', ...group] = resource.split('.');
    return { group: group.join('.'), plural };
  });

const readsSecrets = ({ baseline }: RightsOptions): boolean => baseline === 'secrets';

const WANTED = 'wanted: without it the controller is not paused';

const theController = ({ controllerDeployment }: RightsOptions) => [{ name: controllerDeployment }];

/** The lock against a second restore, and the pause of the controller. Without one of them the restore goes on unpaused. */
export const LOCK_ROWS: readonly Row[] = [
  {
    uses: ['restore'],
    verbs: ['create'],
    resources: always(LEASE),
    place: 'cert-manager',
    when: WANTED,
    optional: true,
    why: 'the lock against a second restore',
  },
  {
    uses: ['restore'],
    verbs: ['get', 'patch', 'delete'],
    resources: always(LEASE),
    place: 'cert-manager',
    objects: named(PAUSE_LEASE),
    when: WANTED,
    optional: true,
    why: 'the lock against a second restore',
  },
];

export const SCALE_ROWS: readonly Row[] = [
  {
    uses: ['restore'],
    verbs: ['get', 'patch'],
    resources: always(scale(DEPLOYMENT)),
    place: 'cert-manager',
    objects: theController,
    when: `${WANTED}; not with \`--pause never\``,
    is: ({ pause }) => pause,
    optional: true,
    why: 'the controller is paused and started again',
  },
  {
    uses: ['restore'],
    verbs: ['list'],
    resources: always(POD),
    place: 'cert-manager',
    when: `${WANTED}; not with \`--pause never\``,
    is: ({ pause }) => pause,
    optional: true,
    why: 'whether the paused controller has ended',
  },
];

/**
 * Every right that certkeep needs, and no other: without any one of them the run ends with exit code 6 and names it. What
 * is only of use where it happens to be readable (events, stored versions of CRDs) is not in here. Exceptions are
 * optional, and it is said where they are missing: the pause of a restore, and the makers of a prediction. One request for one
 * object is made as a list of that name, so that nobody needs both verbs; Secrets that are known by name are the exception.
 */
export const TABLE: readonly Row[] = [
  {
    uses: ['backup', 'predict', 'verify', 'plan', 'restore', 'resume'],
    verbs: ['get'],
    resources: always(NAMESPACE),
    place: 'cluster',
    objects: named('kube-system'),
    why: 'its uid names the cluster',
  },
  {
    uses: ['backup', 'predict'],
    verbs: ['list'],
    resources: always(NAMESPACE),
    place: 'cluster',
    when: 'without `--namespace`',
    is: ({ namespaces }) => namespaces.length === 0,
    why: 'they are captured with their labels',
  },
  {
    uses: ['backup', 'predict'],
    verbs: ['get'],
    resources: always(NAMESPACE),
    place: 'cluster',
    objects: ({ namespaces }) => namespaces.map((name) => ({ name })),
    when: 'with `--namespace`',
    is: ({ namespaces }) => namespaces.length > 0,
    why: 'they are captured with their labels',
  },
  {
    uses: ['plan', 'restore'],
    verbs: ['list'],
    resources: always(NAMESPACE),
    place: 'cluster',
    why: 'which of them exist already',
  },
  {
    uses: ['backup', 'predict', 'verify', 'plan', 'restore', 'resume'],
    verbs: ['list'],
    resources: always(DEPLOYMENT),
    place: 'cert-manager',
    why: "the controller's version, arguments and readiness",
  },
  {
    uses: ['backup', 'predict', 'verify', 'plan', 'restore'],
    verbs: ['get'],
    resources: always(CONFIG_MAP),
    place: 'cert-manager',
    objects: ({ controllerConfig }) => [{ name: controllerConfig }],
    when: 'with `--controller-config NAME`: where the controller runs with `--config`',
    is: ({ controllerConfig }) => controllerConfig !== '',
    why: "the controller's configuration",
  },
  {
    uses: ['backup', 'predict', 'verify', 'plan', 'restore'],
    verbs: ['list'],
    resources: always(CERTIFICATE, CERTIFICATE_REQUEST),
    place: 'scope',
    why: 'what is captured, compared and predicted',
  },
  {
    uses: ['backup', 'predict', 'plan', 'restore'],
    verbs: ['list'],
    resources: always(ISSUER),
    place: 'scope',
    why: 'the issuers',
  },
  {
    uses: ['backup', 'predict', 'plan', 'restore'],
    verbs: ['list'],
    resources: always(CLUSTER_ISSUER),
    place: 'cluster',
    why: 'the issuers that belong to no namespace',
  },
  {
    uses: ['backup'],
    verbs: ['list'],
    resources: always(SECRET),
    place: 'scope',
    when: '`--secrets all`, without `--from`',
    is: ({ secrets, baseline, known }) => secrets === 'all' && baseline === 'secrets' && known === undefined,
    why: 'the leaf of each Certificate, and the Secrets that are captured',
  },
  {
    uses: ['backup'],
    verbs: ['get'],
    resources: always(SECRET),
    place: 'cluster-resource',
    when: '`--secrets all` or `issuer` with `--namespace`, without `--from`',
    is: ({ secrets, namespaces, known }) => secrets !== 'none' && namespaces.length > 0 && known === undefined,
    why: 'Secrets of the ClusterIssuers that are used',
  },
  {
    uses: ['backup'],
    verbs: ['get'],
    resources: always(SECRET),
    place: 'scope',
    objects: secretsOf(isCaptured),
    when: '`--secrets none` or `issuer`, and with `--from`; never with `--baseline requests`',
    is: (options) => readsSecrets(options) && (options.secrets !== 'all' || options.known !== undefined),
    why: 'the leaf of each Certificate, and the Secrets that are captured',
  },
  {
    uses: ['predict', 'verify'],
    verbs: ['get'],
    resources: always(SECRET),
    place: 'scope',
    objects: secretsOf(isLeaf),
    when: 'not with `--baseline requests`',
    is: readsSecrets,
    why: 'the leaf of each Certificate',
  },
  {
    uses: ['plan', 'restore'],
    verbs: ['get'],
    resources: always(SECRET),
    place: 'scope',
    objects: everywhere(() => true),
    why: 'what exists already, and what was written, read back',
  },
  {
    uses: ['backup', 'verify'],
    verbs: ['list'],
    resources: ({ makers, known }) => (known?.makers ?? makers).map((kind) => MAKERS[kind]),
    place: 'scope',
    when: '`--makers`, by default Ingress: the kinds that Certificates are made from',
    why: 'who makes a Certificate, and whether it is there',
  },
  {
    uses: ['predict'],
    verbs: ['list'],
    resources: ({ makers, known }) => (known?.makers ?? makers).map((kind) => MAKERS[kind]),
    place: 'scope',
    when: 'wanted: without it a warning; `--makers`, by default Ingress',
    optional: true,
    why: 'what they change about the Certificates that are made from them',
  },
  {
    uses: ['plan', 'restore'],
    verbs: ['list'],
    // A live Ingress matters to the plan whatever the backup holds.
    resources: ({ use, makers, known }) => {
      const others = use === 'restore' ? (known?.makers ?? makers) : [];
      return [...new Set<MakerKind>(['Ingress', ...others])].map((kind) => MAKERS[kind]);
    },
    place: 'scope',
    when: 'Ingress always; what else `--makers` names',
    why: 'makers that would have a Certificate issued at once',
  },
  {
    uses: ['verify', 'restore'],
    verbs: ['get'],
    resources: always(LEASE),
    place: 'leader-election',
    objects: named('cert-manager-controller'),
    why: 'whether a controller is at work',
  },
  {
    uses: ['verify', 'restore'],
    verbs: ['get'],
    resources: always(POD),
    place: 'cert-manager',
    why: 'the version of the controller that leads',
  },
  {
    uses: ['verify', 'restore'],
    verbs: ['create', 'list', 'delete'],
    resources: always(CERTIFICATE),
    place: 'canary',
    when: 'not with `--no-canary`',
    is: ({ canary }) => canary,
    why: 'the throw-away Certificate',
  },
  {
    uses: ['verify', 'restore'],
    verbs: ['list'],
    resources: always(CERTIFICATE_REQUEST),
    place: 'canary',
    when: 'not with `--no-canary`',
    is: ({ canary }) => canary,
    why: 'the request that cert-manager makes for it',
  },
  ...LOCK_ROWS,
  ...SCALE_ROWS,
  {
    uses: ['resume'],
    verbs: ['list'],
    resources: always(CERTIFICATE, CERTIFICATE_REQUEST, SECRET),
    place: 'cluster',
    why: 'what the controller would reissue once it runs',
  },
  {
    uses: ['resume'],
    verbs: ['get', 'delete'],
    resources: always(LEASE),
    place: 'cert-manager',
    objects: named(PAUSE_LEASE),
    why: 'what the interrupted restore wrote down',
  },
  {
    uses: ['resume'],
    verbs: ['get', 'patch'],
    resources: always(scale(DEPLOYMENT)),
    place: 'cert-manager',
    objects: theController,
    why: 'the controller is started',
  },
  {
    uses: ['plan', 'restore'],
    verbs: ['create'],
    resources: held(NAMESPACE, CLUSTER_ISSUER),
    place: 'cluster',
    why: 'what is restored; `plan` tries the writes as a dry run',
  },
  {
    uses: ['plan', 'restore'],
    verbs: ['create'],
    resources: held(SECRET, ISSUER, CERTIFICATE),
    place: 'scope',
    why: 'what is restored; `plan` tries the writes as a dry run',
  },
  {
    uses: ['plan', 'restore'],
    verbs: ['create'],
    resources: always(ISSUER),
    place: 'scope',
    when: 'with `--from`, where the backup has no ClusterIssuer',
    is: ({ known }) => known !== undefined && !known.kinds.has(CLUSTER_ISSUER.kind),
    why: 'a dry run that the webhook must refuse shows that it answers',
  },
  {
    uses: ['restore'],
    verbs: ['patch'],
    resources: held(SECRET),
    place: 'scope',
    objects: everywhere(() => true),
    why: 'its field managers are put back',
  },
  {
    uses: ['restore'],
    verbs: ['patch'],
    resources: held(ISSUER, CERTIFICATE),
    place: 'scope',
    why: 'their field managers are put back',
  },
  {
    uses: ['restore'],
    verbs: ['patch'],
    resources: held(CLUSTER_ISSUER),
    place: 'cluster',
    why: 'their field managers are put back',
  },
  {
    uses: ['restore'],
    verbs: ['patch'],
    resources: ({ known }) => [
      ...(known === undefined || known.kinds.has(CERTIFICATE.kind) ? [status(CERTIFICATE)] : []),
      ...(known === undefined || known.issuersWithStatus.has(ISSUER.kind) ? [status(ISSUER)] : []),
    ],
    place: 'scope',
    why: 'revisions, failures and ACME accounts are put back',
  },
  {
    uses: ['restore'],
    verbs: ['patch'],
    resources: ({ known }) =>
      known === undefined || known.issuersWithStatus.has(CLUSTER_ISSUER.kind) ? [status(CLUSTER_ISSUER)] : [],
    place: 'cluster',
    why: 'ACME accounts are put back',
  },
  {
    uses: ['backup'],
    verbs: ['list'],
    resources: included,
    // Whether the kind has namespaces is not known without the cluster.
    place: 'cluster',
    when: 'with `--include RESOURCE.GROUP`',
    why: 'what is captured besides, and issuers of other groups',
  },
  {
    uses: ['plan', 'restore'],
    verbs: ['list', 'create'],
    resources: included,
    place: 'cluster',
    when: 'with `--include RESOURCE.GROUP`',
    why: 'kinds of other groups that are restored',
  },
  {
    uses: ['restore'],
    verbs: ['patch'],
    resources: included,
    place: 'cluster',
    when: 'with `--include RESOURCE.GROUP`',
    why: 'their field managers are put back',
  },
  {
    uses: ['plan', 'restore'],
    verbs: ['get', 'create'],
    resources: always(CRD),
    place: 'cluster',
    when: 'with `--include crds`',
    is: ({ include }) => include.includes('crds'),
    why: 'CustomResourceDefinitions that the target lacks',
  },
  {
    uses: ['restore'],
    verbs: ['patch'],
    resources: always(CRD),
    place: 'cluster',
    when: 'with `--include crds`',
    is: ({ include }) => include.includes('crds'),
    why: 'their field managers are put back',
  },
  {
    uses: ['backup'],
    verbs: ['get'],
    resources: always(CRD),
    place: 'cluster',
    objects: ({ include }) => [...CERT_MANAGER_CRDS, ...kindsToInclude(include)].map((name) => ({ name })),
    when: 'with `--include crds`',
    is: ({ include }) => include.includes('crds'),
    why: 'the CustomResourceDefinitions that are captured',
  },
];
