import type { CertificateSpec, KubeObject } from '../../../src/model/objects.ts';
import { inPlace, type Kind, NAMESPACE, owner, type Plan, UID } from './plan.ts';
import { ANNOTATION_VALUES, ISSUERS } from './values.ts';

export interface Twin {
  name: string;
  /** Which kinds of maker it is for. */
  kinds: readonly Kind[];
  change: (plan: Plan) => void;
}

const ALL: readonly Kind[] = ['Ingress', 'Gateway', 'ListenerSet'];
const LISTENING: readonly Kind[] = ['Gateway', 'ListenerSet'];

const twin = (name: string, kinds: readonly Kind[], change: (plan: Plan) => void): Twin => ({ name, kinds, change });

/** Annotations, each value once; what they should make of the spec is in place already, where it is said. */
const ANNOTATIONS: Twin[] = ANNOTATION_VALUES.flatMap(({ name, values }) =>
  values.map(([value, specEdit], i) =>
    twin(`${name}-${i}`, ALL, (plan) => {
      plan.annotations[name] = value;
      if (specEdit !== undefined) plan.specEdits.push(specEdit);
    }),
  ),
);

const KEYS: Twin[] = (
  [
    ['RSA', '4096'],
    ['RSA', '1024'],
    ['RSA', '9000'],
    ['ECDSA', '384'],
    ['ECDSA', '521'],
    ['ECDSA', '2048'],
    ['Ed25519', '1'],
    ['Ed25519', '0'],
    ['Ed25519', '-5'],
  ] as const
).map(([algorithm, size]) =>
  twin(`key-${algorithm}-${size}`, ALL, (plan) => {
    plan.annotations['cert-manager.io/private-key-algorithm'] = algorithm;
    plan.annotations['cert-manager.io/private-key-size'] = size;
    plan.specEdits.push((spec) => {
      spec.privateKey = { algorithm, ...(plan.random.chance(0.5) ? { size: Number(size) } : {}) };
    });
  }),
);

const ISSUER_TWINS: Twin[] = ISSUERS.map(({ name, annotations, flags, ref }) =>
  twin(`issuer-${name}`, ALL, (plan) => {
    for (const key of ['cert-manager.io/cluster-issuer', 'cert-manager.io/issuer']) delete plan.annotations[key];
    Object.assign(plan.annotations, annotations);
    Object.assign(plan.flags, flags);
    if (ref !== undefined) plan.issuerRef = ref;
  }),
);

const META: Twin[] = [
  twin('labels-empty', ALL, (plan) => {
    plan.labels = {};
  }),
  twin('labels-applyset', ALL, (plan) => {
    plan.labels = { 'applyset.kubernetes.io/part-of': 'x', app: 'web' };
  }),
  twin('labels-applyset-only', ALL, (plan) => {
    plan.labels = { 'applyset.kubernetes.io/part-of': 'x' };
  }),
  twin('labels-applyset-not-handed-down', ALL, (plan) => {
    plan.labels = { 'applyset.kubernetes.io/part-of': 'x', app: 'web' };
    plan.certificateEdits.push(({ metadata }) => {
      metadata.labels = { app: 'web' };
    });
  }),
  twin('deleted', ALL, (plan) => {
    plan.edits.push(({ maker }) => {
      maker.metadata.deletionTimestamp = '2026-11-01T00:00:00Z';
    });
  }),
  twin('foreground', ALL, (plan) => {
    plan.edits.push(({ maker }) => {
      maker.metadata.finalizers = ['foregroundDeletion'];
    });
  }),
  twin('other-finalizer', ALL, (plan) => {
    plan.edits.push(({ maker }) => {
      maker.metadata.finalizers = ['example.com/wait'];
    });
  }),
  ...[
    ['none', undefined],
    ['one', { 'example.com/a': '1' }],
    ['also-others', { 'example.com/a': '1', 'example.com/b': '2', 'example.com/c': '3' }],
    ['parent', { 'acme.cert-manager.io/http01-parentrefnamespace': 'x' }],
    ['with-edit-in-place', { 'example.com/a': '1', 'acme.cert-manager.io/http01-edit-in-place': 'true' }],
    ['with-class', { 'example.com/a': '1', 'acme.cert-manager.io/http01-ingress-class': 'nginx' }],
  ].flatMap(([name, annotations]) =>
    [undefined, { 'example.com/a': 'old', 'example.com/own': 'x' }].map((before, i) =>
      twin(`extra-annotations-${name}-${i}`, ALL, (plan) => {
        plan.flags.extraCertificateAnnotations = [
          'example.com/a',
          'example.com/b',
          'acme.cert-manager.io/http01-parentrefnamespace',
        ];
        Object.assign(plan.annotations, annotations);
        plan.certificateEdits.push((certificate) => {
          if (before !== undefined) certificate.metadata.annotations = { ...before };
          certificate.spec.commonName = 'to-be-updated';
        });
      }),
    ),
  ),
];

type Tls = { hosts?: string[] | null; secretName?: string }[];
const tlsOf = (maker: KubeObject): Tls => (maker.spec as { tls: Tls }).tls;

const TLS: Twin[] = (
  [
    ['duplicate-secret', (tls) => tls.push({ hosts: ['other.example.com'], secretName: tls[0]?.secretName ?? '' })],
    ['no-secret', (tls) => tls.push({ hosts: ['other.example.com'] })],
    [
      'two-without-secret',
      (tls) => tls.push({ hosts: ['a.example.com'] }, { hosts: ['b.example.com'], secretName: '' }),
    ],
    ['no-hosts', (tls) => tls.push({ secretName: 'without-hosts' })],
    ['empty-hosts', (tls) => tls.push({ hosts: [], secretName: 'without-hosts' })],
    ['null-hosts', (tls) => tls.push({ hosts: null, secretName: 'without-hosts' })],
    ['empty-entry', (tls) => tls.push({})],
    ['hosts-taken-away', (tls) => Object.assign(tls[0] ?? {}, { hosts: [] })],
    ['empty-host', (tls) => tls[0]?.hosts?.push('')],
    ['ip-host', (tls) => tls[0]?.hosts?.push('10.0.0.1', '2001:db8::1', '10.0.0.01', '::ffff:1.2.3.4', 'fe80::1%eth0')],
    ['only-ip-hosts', (tls) => Object.assign(tls[0] ?? {}, { hosts: ['10.0.0.1'] })],
    ['duplicate-hosts', (tls) => tls[0]?.hosts?.push('twice.example.com', 'twice.example.com', '10.0.0.1', '10.0.0.1')],
    ['no-tls', (tls) => tls.splice(0)],
    ['entry-gone', (tls) => tls.splice(0, 1)],
    ['host-added', (tls) => tls[0]?.hosts?.push('new.example.com')],
    ['hosts-reversed', (tls) => tls[0]?.hosts?.reverse()],
    ['secret-renamed', (tls) => Object.assign(tls[0] ?? {}, { secretName: 'renamed' })],
  ] as [string, (tls: Tls) => unknown][]
).map(([name, change]) =>
  twin(`tls-${name}`, ['Ingress'], (plan) => {
    plan.edits.push(({ maker }) => change(tlsOf(maker)));
  }),
);

interface Ref {
  group?: string;
  kind?: string;
  name: string;
  namespace?: string;
}
interface Listener {
  name: string;
  hostname?: string | undefined;
  protocol: string;
  tls?: { mode?: string | undefined; certificateRefs?: Ref[] } | undefined;
}
const listenersOf = (maker: KubeObject): Listener[] => (maker.spec as { listeners: Listener[] }).listeners;

const onFirst =
  (change: (listener: Listener, ref: Ref) => unknown) =>
  (listeners: Listener[]): unknown => {
    const [first] = listeners;
    const ref = first?.tls?.certificateRefs?.[0];
    return first === undefined || ref === undefined ? undefined : change(first, ref);
  };

const LISTENERS: Twin[] = (
  [
    ...['HTTP', 'TLS', 'TCP', 'UDP', 'https', 'DTLS', 'example.com/mine', ''].map((protocol) => [
      `protocol-${protocol}`,
      onFirst((listener) => Object.assign(listener, { protocol })),
    ]),
    ...['Passthrough', 'Terminate', 'passthrough', '', undefined].map((mode) => [
      `mode-${mode}`,
      onFirst((listener) => Object.assign(listener.tls ?? {}, { mode })),
    ]),
    ...['', undefined, '*', '*.example.com', '10.0.0.1'].map((hostname) => [
      `hostname-${hostname}`,
      onFirst((listener) => Object.assign(listener, { hostname })),
    ]),
    ...['', 'core', 'example.com', undefined].map((group) => [
      `group-${group}`,
      onFirst((_, ref) => Object.assign(ref, { group })),
    ]),
    ...['', 'Secret', 'ConfigMap', undefined].map((kind) => [
      `ref-kind-${kind}`,
      onFirst((_, ref) => Object.assign(ref, { kind })),
    ]),
    ...[NAMESPACE, 'other', '', undefined].map((namespace) => [
      `ref-namespace-${namespace}`,
      onFirst((_, ref) => Object.assign(ref, { namespace })),
    ]),
    ['no-tls', onFirst((listener) => Object.assign(listener, { tls: undefined }))],
    ['no-refs', onFirst((listener) => Object.assign(listener, { tls: { mode: 'Terminate' } }))],
    ['two-refs', onFirst((listener) => listener.tls?.certificateRefs?.push({ name: 'second-tls' }))],
    ['same-ref-twice', onFirst((listener, ref) => listener.tls?.certificateRefs?.push({ ...ref }))],
    ['second-ref-bad', onFirst((listener) => listener.tls?.certificateRefs?.push({ name: 'x', kind: 'ConfigMap' }))],
    ['same-host-twice', (listeners) => listeners.push({ ...(listeners[0] as Listener), name: 'again' })],
    ['http-beside', (listeners) => listeners.push({ name: 'http', hostname: 'example.com', protocol: 'HTTP' })],
    ['gone', (listeners) => listeners.splice(0, 1)],
    ['all-gone', (listeners) => listeners.splice(0)],
    ['reversed', (listeners) => listeners.reverse()],
    ['without-tls-beside', (listeners) => listeners.push({ name: 'bare', hostname: 'a.b', protocol: 'HTTPS' })],
  ] as [string, (listeners: Listener[]) => unknown][]
).map(([name, change]) =>
  twin(`listener-${name}`, LISTENING, (plan) => {
    plan.edits.push(({ maker }) => change(listenersOf(maker)));
  }),
);

const LISTENER_OPTIONS: Twin[] = [
  ...[['DTLS'], ['TCP', 'example.com/mine'], ['dtls']].map((protocols, i) =>
    twin(`extra-protocols-${i}`, LISTENING, (plan) => {
      plan.flags.gatewayExtraProtocols = protocols;
      plan.edits.push(({ maker }) => {
        for (const [j, listener] of listenersOf(maker).entries())
          listener.protocol = ['DTLS', 'TCP', 'HTTPS'][j % 3] ?? '';
      });
    }),
  ),
  ...['l00', 'l00,l01', ' l00 , l10', 'L00', '', 'l0', ',', '\u0085l00\u00a0', '\ufeffl00'].map((value, i) =>
    twin(`ignore-listeners-${i}`, LISTENING, (plan) => {
      plan.annotations['cert-manager.io/ignore-tls-listeners'] = value;
    }),
  ),
];

const LISTENER_SETS: Twin[] = [
  twin('no-gateway', ['ListenerSet'], (plan) => {
    plan.edits.push((built) => {
      built.gateway = null;
    });
  }),
  twin('gateway-deleted', ['ListenerSet'], (plan) => {
    plan.edits.push(({ gateway }) =>
      Object.assign(gateway?.metadata ?? {}, { deletionTimestamp: '2026-11-01T00:00:00Z' }),
    );
  }),
  ...[undefined, '', NAMESPACE, 'other'].map((namespace) =>
    twin(`parent-namespace-${namespace}`, ['ListenerSet'], (plan) => {
      if (plan.random.chance(0.5)) plan.annotations['acme.cert-manager.io/http01-parentreffallback'] = 'true';
      plan.edits.push(({ maker, gateway }) => {
        Object.assign(maker.spec as object, { parentRef: { name: 'gw', namespace } });
        if (namespace === 'other' && gateway !== null) gateway.metadata.namespace = 'other';
      });
    }),
  ),
  twin('parent-elsewhere', ['ListenerSet'], (plan) => {
    plan.edits.push(({ maker }) =>
      Object.assign(maker.spec as object, { parentRef: { name: 'gw', namespace: 'other' } }),
    );
  }),
  ...ISSUERS.map(({ name, annotations }) =>
    twin(`inherits-${name}`, ['ListenerSet'], (plan) => {
      Object.assign(plan.gatewayAnnotations, annotations);
      if (plan.random.chance(0.6)) {
        for (const key of ['cert-manager.io/cluster-issuer', 'cert-manager.io/issuer']) delete plan.annotations[key];
      }
    }),
  ),
  ...['true', '1', 'T', 'false', 'yes', ''].flatMap((value, i) =>
    [false, true].map((stale) =>
      twin(`fallback-${i}-${stale}`, ALL, (plan) => {
        plan.annotations['acme.cert-manager.io/http01-parentreffallback'] = value;
        if (!stale) return;
        plan.certificateEdits.push(({ metadata, spec }) => {
          metadata.annotations = { 'acme.cert-manager.io/http01-parentrefnamespace': 'stale' };
          spec.commonName = 'to-be-updated';
        });
      }),
    ),
  ),
];

const owning = (name: string, change: (plan: Plan) => void): Twin =>
  twin(`owner-${name}`, ALL, (plan) => {
    plan.present = 1;
    change(plan);
  });

const OWNERS: Twin[] = [
  owning('none', (plan) => plan.certificateEdits.push(({ metadata }) => delete metadata.ownerReferences)),
  owning('no-controller', (plan) =>
    plan.certificateEdits.push(({ metadata }) => {
      metadata.ownerReferences = [{ ...owner(plan.kind), controller: false }];
    }),
  ),
  owning('other-uid', (plan) =>
    plan.certificateEdits.push(({ metadata, spec }) => {
      metadata.ownerReferences = [owner(plan.kind, 'another')];
      spec.commonName = 'x';
    }),
  ),
  owning('second-is-controller', (plan) =>
    plan.certificateEdits.push(({ metadata, spec }) => {
      metadata.ownerReferences = [{ ...owner('Gateway', 'another'), controller: false }, owner(plan.kind)];
      spec.commonName = 'x';
    }),
  ),
  owning('two-controllers', (plan) =>
    plan.certificateEdits.push(({ metadata }) => {
      metadata.ownerReferences = [owner(plan.kind, 'another'), owner(plan.kind)];
    }),
  ),
  owning('other-kind-same-uid', (plan) =>
    plan.certificateEdits.push(({ metadata, spec }) => {
      metadata.ownerReferences = [owner('Service')];
      spec.commonName = 'x';
    }),
  ),
  owning('unwanted', (plan) =>
    plan.edits.push(({ certificates }) => {
      certificates.push(inPlace(plan, { name: 'unwanted', hosts: ['old.example.com'] }));
    }),
  ),
  owning('unwanted-of-another', (plan) =>
    plan.edits.push(({ certificates }) => {
      const one = inPlace(plan, { name: 'unwanted', hosts: ['old.example.com'] });
      one.metadata.ownerReferences = [owner(plan.kind, 'another')];
      certificates.push(one);
    }),
  ),
  owning('other-name-same-secret', (plan) =>
    plan.edits.push(({ certificates }) => {
      const one = inPlace(plan, { name: plan.secrets[0]?.name ?? '', hosts: ['old.example.com'] });
      one.metadata.name = 'named-otherwise';
      certificates.push(one);
    }),
  ),
  owning('same-name-unused-secret', (plan) =>
    plan.certificateEdits.push(({ spec }) => Object.assign(spec, { secretName: 'unused' })),
  ),
  owning('same-name-secret-of-another', (plan) =>
    plan.certificateEdits.push(({ spec }) => Object.assign(spec, { secretName: plan.secrets[0]?.name })),
  ),
  owning('elsewhere', (plan) =>
    plan.certificateEdits.push(({ metadata }) => Object.assign(metadata, { namespace: 'other' })),
  ),
];

const FIELDS: [string, (spec: CertificateSpec) => unknown][] = [
  ['common-name', (spec) => Object.assign(spec, { commonName: 'other.example.com' })],
  ['dns-order', (spec) => spec.dnsNames?.reverse()],
  ['dns-more', (spec) => spec.dnsNames?.push('more.example.com')],
  ['dns-less', (spec) => spec.dnsNames?.pop()],
  ['dns-none', (spec) => delete spec.dnsNames],
  ['dns-twice', (spec) => spec.dnsNames?.push(spec.dnsNames[0] ?? '')],
  ['dns-case', (spec) => Object.assign(spec, { dnsNames: spec.dnsNames?.map((name) => name.toUpperCase()) })],
  ['ip-more', (spec) => Object.assign(spec, { ipAddresses: ['10.9.9.9'] })],
  ['uris', (spec) => Object.assign(spec, { uris: ['spiffe://x/y'] })],
  ['emails', (spec) => Object.assign(spec, { emailAddresses: ['a@example.com'] })],
  ['subject', (spec) => Object.assign(spec, { subject: { organizations: ['x'] } })],
  ['usages', (spec) => Object.assign(spec, { usages: ['server auth'] })],
  ['is-ca', (spec) => Object.assign(spec, { isCA: true })],
  [
    'keystores',
    (spec) => Object.assign(spec, { keystores: { jks: { create: true, passwordSecretRef: { name: 'p' } } } }),
  ],
  ['issuer-name', (spec) => Object.assign(spec.issuerRef, { name: 'another' })],
  ['issuer-kind', (spec) => Object.assign(spec.issuerRef, { kind: 'OriginIssuer' })],
  ['issuer-kind-absent', (spec) => delete spec.issuerRef.kind],
  ['issuer-group', (spec) => Object.assign(spec.issuerRef, { group: 'example.com' })],
  ['issuer-group-absent', (spec) => delete spec.issuerRef.group],
  ['limit', (spec) => Object.assign(spec, { revisionHistoryLimit: 3 })],
  ['algorithm', (spec) => Object.assign(spec, { privateKey: { algorithm: 'ECDSA' } })],
  ['encoding', (spec) => Object.assign(spec, { privateKey: { encoding: 'PKCS8' } })],
  ['rotation', (spec) => Object.assign(spec, { privateKey: { rotationPolicy: 'Never' } })],
  ['size', (spec) => Object.assign(spec, { privateKey: { size: 4096 } })],
  ['size-zero', (spec) => Object.assign(spec, { privateKey: { size: 0 } })],
  ['ed25519-size', (spec) => Object.assign(spec, { privateKey: { algorithm: 'Ed25519', size: 99 } })],
  ['empty-key', (spec) => Object.assign(spec, { privateKey: {} })],
  ['duration', (spec) => Object.assign(spec, { duration: '100h0m0s' })],
  ['duration-zero', (spec) => Object.assign(spec, { duration: '0s' })],
  ['renew-before', (spec) => Object.assign(spec, { renewBefore: '10h' })],
  ['renew-percentage', (spec) => Object.assign(spec, { renewBeforePercentage: 20 })],
  ['template', (spec) => Object.assign(spec, { secretTemplate: { labels: { a: 'b' } } })],
  ['literal-subject', (spec) => Object.assign(spec, { literalSubject: 'CN=x' })],
];

/** A Certificate in place that differs from what its maker asks for in one field. */
const DIFFERENT: Twin[] = [
  ...FIELDS.map(([name, change]) =>
    twin(`differs-${name}`, ALL, (plan) => {
      plan.present = 1;
      plan.certificateEdits.push(({ spec }) => change(spec));
    }),
  ),
  ...([{ app: 'other' }, { app: 'web', more: 'x' }, {}, undefined, { '': '' }] as const).map((labels, i) =>
    twin(`differs-labels-${i}`, ALL, (plan) => {
      plan.present = 1;
      plan.certificateEdits.push(({ metadata }) => {
        delete metadata.labels;
        if (labels !== undefined) metadata.labels = { ...labels } as Record<string, string>;
      });
    }),
  ),
  twin('differs-annotations', ALL, (plan) => {
    plan.present = 1;
    plan.certificateEdits.push(({ metadata }) => {
      metadata.annotations = { 'cert-manager.io/issue-temporary-certificate': 'true', own: 'x' };
    });
  }),
  twin('another-maker', ALL, (plan) => {
    plan.present = 1;
    plan.edits.push(({ maker }) => {
      maker.metadata.uid = `${UID.slice(0, -1)}9`;
    });
  }),
];

export const SOUND: Twin = twin('sound', ALL, () => {});

export const TWINS: readonly Twin[] = [
  ...ANNOTATIONS,
  ...KEYS,
  ...ISSUER_TWINS,
  ...META,
  ...TLS,
  ...LISTENERS,
  ...LISTENER_OPTIONS,
  ...LISTENER_SETS,
  ...OWNERS,
  ...DIFFERENT,
];
