import type { CertificateSpec } from '../../../src/model/objects.ts';
import { everywhere, otherKey, type Plan, requestFieldsOf, requestOf } from '../plan.ts';
import { damagedTwin, type Twin, twin } from './twin.ts';

const typeOf = (key: string): string => key.slice(0, key.indexOf('-'));
const padTo =
  (length: number) =>
  (pem: string): string => {
    const missing = length - pem.length;
    return missing < 2 ? pem : `${'#'.repeat(missing - 1)}\n${pem}`;
  };

/** The same change once with the current request there (strict) and once without it (fuzzy). */
function both(name: string, change: (plan: Plan) => void): Twin[] {
  return [true, false].map((withRequest) =>
    twin(`${name}-${withRequest ? 'strict' : 'fuzzy'}`, (plan) => {
      plan.withRequest = withRequest;
      change(plan);
    }),
  );
}

/** A change of a list in the spec. */
function listTwins(field: 'dnsNames' | 'ipAddresses' | 'uris' | 'emailAddresses', values: string[]): Twin[] {
  const fill = (plan: Plan): string[] => {
    const list = plan.random.some(values, 2, values.length);
    everywhere(plan, (spec) => {
      spec[field] = [...list];
    });
    if (field !== 'dnsNames')
      everywhere(plan, (spec) => {
        spec.dnsNames = ['list.example.com'];
      });
    everywhere(plan, (spec) => void delete spec.commonName);
    return list;
  };
  const edit = (name: string, change: (list: string[], plan: Plan) => string[] | undefined): Twin[] =>
    both(`${field}-${name}`, (plan) => {
      const changed = change([...fill(plan)], plan);
      if (changed === undefined) delete plan.spec[field];
      else plan.spec[field] = changed;
    });
  return [
    ...edit('same', (list) => list),
    ...edit('order', (list, plan) => plan.random.shuffle(list)),
    ...edit('duplicate', (list) => [...list, list[0] as string]),
    ...edit('removed', (list) => list.slice(1)),
    ...edit('added', (list) => [...list, field === 'ipAddresses' ? '203.0.113.9' : 'z.example.com']),
    ...edit('case', (list) => list.map((value) => value.toUpperCase())),
    ...edit('empty', () => []),
    ...edit('absent', () => undefined),
    ...both(`${field}-duplicate-everywhere`, (plan) => {
      const list = fill(plan);
      everywhere(plan, (spec) => {
        spec[field] = [...list, list[0] as string];
      });
      if (plan.random.chance(0.5)) plan.template[field] = list;
    }),
    ...both(`${field}-duplicate-other`, (plan) => {
      const [a = '', b = ''] = fill(plan);
      everywhere(plan, (spec) => {
        spec[field] = [a, a, b];
      });
      plan.spec[field] = [a, b, b];
    }),
  ];
}

const IP_SPELLINGS: [string, string][] = [
  ['2001:db8::1', '2001:0db8:0:0:0:0:0:1'],
  ['2001:db8::1', '2001:DB8::1'],
  ['192.0.2.7', '::ffff:192.0.2.7'],
  ['192.0.2.7', '::ffff:c000:207'],
  ['192.0.2.7', '192.0.2.07'],
  ['192.0.2.7', '192.0.2.256'],
  ['192.0.2.7', '192.0.2'],
  ['::1', '0:0:0:0:0:0:0:1'],
  ['::1', '::0:1'],
  ['::1', '0::0::1'],
  ['2001:db8::5:6', '2001:db8::0.5.0.6'],
  ['2001:db8::5:6', '2001:db8:0:0:0:0:5:6'],
  ['fe80::1', 'fe80::1%eth0'],
  ['fe80::1', 'fe80:::1'],
  ['fe80::1', ' fe80::1'],
  ['1:2:3:4:5:6:7:0', '1:2:3:4:5:6:7::'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::8'],
  ['0:2:3:4:5:6:7:8', '::2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:102:304', '1:2:3:4:5:6:1.2.3.4'],
  ['1:2:3:4:5:6:102:304', '1:2:3:4:5:1.2.3.4'],
  ['fe80::1', 'fe80::00001'],
  ['fe80::1', 'fe80::g'],
  ['fe80::1', '1'],
];

export const NAMES: Twin[] = [
  ...listTwins('dnsNames', ['a.example.com', 'b.example.com', '*.c.example.com', 'd', 'e_f.example.com']),
  ...listTwins('ipAddresses', ['10.0.0.1', '2001:db8::1', '192.0.2.1']),
  ...listTwins('uris', [
    'spiffe://cluster.local/ns/a/sa/b',
    'https://example.com:8443/x?y=1&z=a/b',
    'urn:isbn:0451450523',
    'ldap://host.example.com',
    'https://example.com/a%2Fb/~u',
  ]),
  ...listTwins('emailAddresses', ['ops@example.com', 'Root@Example.org', "o'neil+x@example.com"]),
  ...IP_SPELLINGS.flatMap(([issued, wanted], i) =>
    both(`ip-spelling-${i}`, (plan) => {
      everywhere(plan, (spec) => {
        spec.ipAddresses = [issued];
      });
      plan.spec.ipAddresses = [wanted];
    }),
  ),
  ...both('common-name-changed', (plan) => {
    plan.spec.commonName = 'changed.example.com';
  }),
  ...both('common-name-removed', (plan) => {
    everywhere(plan, (spec) => {
      spec.commonName = 'cn.example.com';
    });
    delete plan.spec.commonName;
  }),
  ...both('common-name-case', (plan) => {
    everywhere(plan, (spec) => {
      spec.commonName = 'cn.example.com';
    });
    plan.spec.commonName = 'CN.example.com';
  }),
  ...both('common-name-also-dns', (plan) => {
    everywhere(plan, (spec) => {
      spec.dnsNames = ['x.example.com', 'y.example.com'];
      delete spec.commonName;
    });
    plan.spec.commonName = 'x.example.com';
  }),
  ...both('common-name-moves-to-dns', (plan) => {
    everywhere(plan, (spec) => {
      spec.dnsNames = ['x.example.com'];
      spec.commonName = 'y.example.com';
    });
    plan.spec.dnsNames = ['x.example.com', 'y.example.com'];
    delete plan.spec.commonName;
  }),
  ...both('common-name-utf8', (plan) => {
    everywhere(plan, (spec) => {
      spec.commonName = plan.random.pick(['Zwölf', 'a*b', 'a&b', 'a@b', 'x'.repeat(64), '日本']);
    });
  }),
  twin('issuer-sets-common-name', (plan) => {
    plan.withRequest = false;
    plan.template.commonName = plan.random.pick([plan.spec.dnsNames?.[0] ?? 'none', 'set-by-the-ca', '']);
  }),
  twin('issuer-adds-dns', (plan) => {
    plan.withRequest = plan.random.chance(0.3);
    plan.template.dnsNames = [...(plan.spec.dnsNames ?? []), 'added.example.com'];
  }),
  twin('issuer-drops-dns', (plan) => {
    plan.withRequest = plan.random.chance(0.3);
    plan.template.dnsNames = (plan.spec.dnsNames ?? []).slice(1);
  }),
  twin('issuer-lower-cases', (plan) => {
    plan.withRequest = plan.random.chance(0.3);
    everywhere(plan, (spec) => {
      spec.dnsNames = ['WWW.Example.com'];
    });
    everywhere(plan, (spec) => void delete spec.commonName);
    plan.template.dnsNames = ['www.example.com'];
  }),
  twin('issuer-drops-email-and-uri', (plan) => {
    plan.withRequest = plan.random.chance(0.3);
    everywhere(plan, (spec) => {
      spec.uris = ['spiffe://x.example.com/y'];
      spec.emailAddresses = ['a@example.com'];
    });
    plan.template.uris = [];
    plan.template.emailAddresses = [];
  }),
];

const SUBJECT_LISTS = [
  'organizations',
  'countries',
  'organizationalUnits',
  'localities',
  'provinces',
  'streetAddresses',
  'postalCodes',
] as const;

export const SUBJECT: Twin[] = [
  ...SUBJECT_LISTS.flatMap((field) => [
    ...both(`subject-${field}-changed`, (plan) => {
      everywhere(plan, (spec) => {
        spec.subject = { [field]: ['A', 'B'] };
      });
      plan.spec.subject = { [field]: ['A', 'C'] };
    }),
    ...both(`subject-${field}-order`, (plan) => {
      everywhere(plan, (spec) => {
        spec.subject = { [field]: ['A', 'B', 'B'] };
      });
      plan.spec.subject = { [field]: plan.random.shuffle(['A', 'B', 'B']) };
    }),
    ...both(`subject-${field}-duplicate`, (plan) => {
      everywhere(plan, (spec) => {
        spec.subject = { [field]: ['A'] };
      });
      plan.spec.subject = { [field]: ['A', 'A'] };
    }),
    ...both(`subject-${field}-removed`, (plan) => {
      everywhere(plan, (spec) => {
        spec.subject = { [field]: ['Ä'] };
      });
      if (plan.random.chance(0.5)) delete plan.spec.subject;
      else plan.spec.subject = {};
    }),
  ]),
  ...both('subject-serial-number', (plan) => {
    everywhere(plan, (spec) => {
      spec.subject = { serialNumber: '1' };
    });
    plan.spec.subject = { serialNumber: plan.random.pick(['1', '2', '']) };
  }),
];

const LITERALS: [string, string][] = [
  ['CN=foo,O=Example,C=DE', 'CN=foo,O=Example,C=DE'],
  ['CN=foo,O=Example,C=DE', 'C=DE,O=Example,CN=foo'],
  ['CN=foo,O=Example,C=DE', 'CN=foo, O=Example, C=DE'],
  ['CN=foo,O=Example,C=DE', 'CN = foo ; O = Example;C=DE'],
  ['CN=foo,O=Example,C=DE', 'CN=foo,O=Example'],
  ['CN=foo,O=Example,C=DE', 'CN=foo,O=example,C=DE'],
  ['CN=foo\\, bar,O=A\\+B', 'CN=foo\\, bar,O=A\\+B'],
  ['CN=foo\\, bar,O=A\\+B', 'CN=foo\\2c bar,O=A\\2BB'],
  ['CN=Zwölf,O=Köln', 'CN=Zw\\c3\\b6lf,O=K\\C3\\B6ln'],
  ['CN=Zwölf,O=Köln', 'CN=Zwölf,O=Koeln'],
  ['CN=a+O=b,C=DE', 'O=b+CN=a,C=DE'],
  ['CN=a+O=b,C=DE', 'CN=a,O=b,C=DE'],
  ['CN=foo,DC=corp,DC=example,DC=com', 'CN=foo,DC=corp,DC=example,DC=com'],
  ['CN=foo,DC=corp,DC=example,DC=com', 'CN=foo,DC=example,DC=corp,DC=com'],
  ['CN=foo,UID=u1,2.5.4.5=77,STREET=s,L=l,ST=x,OU=o', 'CN=foo,UID=u1,SERIALNUMBER=77,STREET=s,L=l,ST=x,OU=o'],
  ['CN=foo,1.2.3.4=bar', 'CN=foo,1.2.3.4=bar'],
  ['CN=foo,1.2.3.4=bar', 'CN=foo,1.2.3.5=bar'],
  ['CN=\\ foo\\ ', 'CN=\\ foo\\ '],
  ['CN=\\ foo\\ ', 'CN=foo'],
  ['CN=\\#foo', 'CN=\\23foo'],
  ['CN=foo=bar', 'CN=foo=bar'],
  ['CN="foo"', 'CN=\\"foo\\"'],
  ['CN=a*b,O=a&b', 'CN=a*b,O=a&b'],
  ['CN=foo', ' CN=foo '],
  ['CN=a.example.com', 'CN=a.example.com'],
  ['CN=foo,O=', 'CN=foo,O='],
  ['CN=foo,O=x\\\\y', 'CN=foo,O=x\\5cy'],
];
const BROKEN_LITERALS = [
  'CN',
  'foo',
  'CN=foo,,O=x',
  'XY=foo',
  'CN=foo\\',
  'CN=foo\\zz',
  'CN=#04024869',
  'cn=foo',
  'CN=\\ff',
  '=x',
  'CN=foo,1.2.x=3',
];

export const LITERAL_SUBJECT: Twin[] = [
  ...LITERALS.flatMap(([issued, wanted], i) =>
    both(`literal-subject-${i}`, (plan) => {
      everywhere(plan, (spec) => {
        spec.literalSubject = issued;
        delete spec.commonName;
        delete spec.subject;
        if (plan.random.chance(0.5)) spec.dnsNames = ['a.example.com', 'foo'];
        else spec.dnsNames = ['b.example.com'];
      });
      plan.requestSpec.dnsNames = plan.leafSpec.dnsNames = [...(plan.spec.dnsNames as string[])];
      plan.spec.literalSubject = wanted;
      if (plan.random.chance(0.1)) plan.spec.isCA = !plan.spec.isCA;
    }),
  ),
  ...BROKEN_LITERALS.map((wanted, i) =>
    damagedTwin(`literal-subject-broken-${i}`, (plan) => {
      plan.withRequest = plan.random.chance(0.8);
      everywhere(plan, (spec) => {
        spec.literalSubject = 'CN=foo';
        delete spec.commonName;
        delete spec.subject;
      });
      plan.spec.literalSubject = wanted;
    }),
  ),
  twin('literal-subject-removed', (plan) => {
    plan.withRequest = plan.random.chance(0.7);
    everywhere(plan, (spec) => {
      spec.literalSubject = 'CN=foo,O=x';
    });
    delete plan.spec.literalSubject;
    plan.spec.commonName = 'foo';
    plan.spec.subject = { organizations: plan.random.pick([['x'], ['y']]) };
  }),
  twin('literal-subject-added', (plan) => {
    plan.withRequest = plan.random.chance(0.7);
    everywhere(plan, (spec) => {
      spec.commonName = 'foo';
      spec.subject = { organizations: ['x'] };
    });
    plan.spec.literalSubject = plan.random.pick(['CN=foo,O=x', 'O=x,CN=foo']);
  }),
];

const UPN = '1.3.6.1.4.1.311.20.2.3';

export const OTHER_NAMES: Twin[] = [
  ...[
    [{ oid: UPN, utf8Value: 'a@corp' }],
    [{ oid: UPN, utf8Value: 'b@corp' }],
    [{ oid: '1.2.3', utf8Value: 'a@corp' }],
    [
      { oid: UPN, utf8Value: 'a@corp' },
      { oid: UPN, utf8Value: 'a@corp' },
    ],
    [],
    null,
    undefined,
    [{ oid: UPN, utf8Value: 'A@corp' }],
    [{ oid: ` ${UPN}`, utf8Value: 'a@corp' }],
    [{ oid: UPN }],
  ].map((wanted, i) =>
    twin(`other-names-${i}`, (plan) => {
      plan.withRequest = plan.random.chance(0.85);
      everywhere(plan, (spec) => {
        spec.otherNames = [{ oid: UPN, utf8Value: 'a@corp' }];
      });
      if (wanted === undefined) delete plan.spec.otherNames;
      else (plan.spec as { otherNames: unknown }).otherNames = wanted;
    }),
  ),
  twin('other-names-order', (plan) => {
    plan.withRequest = true;
    const names = [
      { oid: UPN, utf8Value: 'a@corp' },
      { oid: '1.2.3', utf8Value: 'zwölf' },
      { oid: UPN, utf8Value: 'b@corp' },
    ];
    everywhere(plan, (spec) => {
      spec.otherNames = names;
    });
    plan.spec.otherNames = plan.random.shuffle(names);
  }),
  twin('other-names-added', (plan) => {
    plan.withRequest = true;
    plan.spec.otherNames = [{ oid: UPN, utf8Value: 'a@corp' }];
  }),
  twin('other-names-empty-list', (plan) => {
    plan.withRequest = true;
    plan.spec.otherNames = [];
    if (plan.random.chance(0.5)) {
      everywhere(plan, (spec) => {
        delete spec.dnsNames;
        delete spec.ipAddresses;
        delete spec.uris;
        delete spec.emailAddresses;
        spec.commonName = 'only-a-name';
      });
    }
  }),
];

export const REQUEST_FIELDS: Twin[] = [
  ...both('is-ca', (plan) => {
    plan.spec.isCA = !plan.spec.isCA;
  }),
  ...both('is-ca-false', (plan) => {
    everywhere(plan, (spec) => void delete spec.isCA);
    plan.spec.isCA = false;
  }),
  ...both('usages-order', (plan) => {
    everywhere(plan, (spec) => {
      spec.usages = ['server auth', 'client auth', 'digital signature'];
    });
    plan.spec.usages = plan.random.shuffle(plan.spec.usages as string[]);
  }),
  ...both('usages-duplicate', (plan) => {
    everywhere(plan, (spec) => {
      spec.usages = ['server auth', 'client auth'];
    });
    plan.spec.usages = ['server auth', 'client auth', 'client auth'];
  }),
  ...both('usages-changed', (plan) => {
    everywhere(plan, (spec) => {
      spec.usages = ['server auth', 'client auth'];
    });
    plan.spec.usages = plan.random.pick([['server auth'], [], ['client auth', 'server  auth']]);
  }),
  ...both('usages-null-empty', (plan) => {
    everywhere(plan, (spec) => void delete spec.usages);
    plan.spec.usages = [];
    if (plan.random.chance(0.5)) (plan.spec as { usages: unknown }).usages = null;
  }),
  ...[
    '2160h',
    '2160h0m0s',
    '129600m',
    '2159h',
    '2160h1ns',
    '.5h',
    '1.5h',
    '7776000000ms',
    '2160.0h',
    '0',
    '-2160h',
    '2160h0.0000000001s',
  ].flatMap((duration, i) =>
    both(`duration-${i}`, (plan) => {
      everywhere(plan, (spec) => {
        spec.duration = '2160h';
      });
      plan.spec.duration = duration;
    }),
  ),
  ...both('duration-only-in-spec', (plan) => {
    plan.spec.duration = '1h';
    delete plan.requestFields.duration;
  }),
  ...both('duration-only-in-request', (plan) => {
    delete plan.spec.duration;
    plan.requestFields.duration = '1h';
  }),
  ...both('issuer-ref-name', (plan) => {
    plan.spec.issuerRef.name = 'other';
    plan.annotations['cert-manager.io/issuer-name'] = 'other';
  }),
  ...[undefined, '', 'Issuer'].flatMap((kind) =>
    [undefined, '', 'cert-manager.io'].map((group) =>
      twin(`issuer-ref-default-${kind ?? 'none'}-${group ?? 'none'}`, (plan) => {
        plan.withRequest = true;
        const one = { name: 'ca', ...(kind === undefined ? {} : { kind }), ...(group === undefined ? {} : { group }) };
        const two = plan.random.pick([
          { name: 'ca' },
          { name: 'ca', kind: 'Issuer' },
          { name: 'ca', kind: 'Issuer', group: 'cert-manager.io' },
          { name: 'ca', kind: 'ClusterIssuer' },
        ]);
        plan.annotations = { 'cert-manager.io/issuer-name': 'ca' };
        plan.spec.issuerRef = one;
        plan.requestFields.issuerRef = two;
      }),
    ),
  ),
  ...both('not-compared', (plan) => {
    plan.spec.renewBefore = '1h';
    plan.spec.revisionHistoryLimit = 3;
    plan.spec.secretTemplate = { labels: { a: 'b' } };
    plan.spec.encodeUsagesInRequest = false;
  }),
];

export const REQUEST_FOUND: Twin[] = [
  twin('request-key-differs', (plan) => {
    plan.withRequest = true;
    plan.keys.request = plan.random.pick([
      otherKey(plan.random, typeOf(plan.keys.request), plan.keys.request),
      'ed25519-0',
      'p384-0',
    ]);
  }),
  twin('request-garbage', (plan) => {
    plan.withRequest = true;
    plan.editRequest = () => plan.random.pick(['', 'garbage', '\n']);
  }),
  ...[6500, 6501, 36500, 36501].map((size) =>
    twin(`request-${size}-bytes`, (plan) => {
      plan.withRequest = true;
      plan.editRequest = padTo(size);
    }),
  ),
  twin('request-many-names', (plan) => {
    const names = Array.from(
      { length: plan.random.pick([60, 120, 400]) },
      (_, i) => `host-${i}.department.example.com`,
    );
    everywhere(plan, (spec) => {
      spec.dnsNames = names;
      delete spec.commonName;
    });
    plan.spec.dnsNames = plan.random.chance(0.5) ? plan.random.shuffle(names) : names.slice(1);
  }),
  twin('request-other-label', (plan) => {
    plan.withRequest = true;
    plan.editRequest = (pem) => pem.replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST');
  }),
  twin('request-crlf', (plan) => {
    plan.withRequest = true;
    plan.editRequest = (pem) => pem.replaceAll('\n', '\r\n');
  }),
  twin('request-text-after', (plan) => {
    plan.withRequest = true;
    plan.editRequest = (pem) => `${pem}${pem}more`;
  }),
  twin('request-of-other-owner', (plan) => {
    plan.withRequest = true;
    plan.spec.isCA = !plan.spec.isCA;
    plan.editObjects.push(({ requests: [request] }) => {
      (request?.metadata.ownerReferences?.[0] as { uid: string }).uid = 'uid-of-before';
    });
  }),
  twin('request-without-owner', (plan) => {
    plan.withRequest = true;
    plan.spec.isCA = !plan.spec.isCA;
    plan.editObjects.push(({ requests: [request] }) => void delete request?.metadata.ownerReferences);
  }),
  twin('request-owner-no-controller', (plan) => {
    plan.withRequest = true;
    plan.spec.isCA = !plan.spec.isCA;
    plan.editObjects.push(({ requests: [request] }) => {
      const owner = request?.metadata.ownerReferences?.[0] as { controller?: boolean };
      if (plan.random.chance(0.5)) delete owner.controller;
      else owner.controller = false;
    });
  }),
  twin('request-second-owner', (plan) => {
    plan.withRequest = true;
    plan.spec.isCA = !plan.spec.isCA;
    plan.editObjects.push(({ requests: [request] }) => {
      const owners = request?.metadata.ownerReferences ?? [];
      const other = { apiVersion: 'v1', kind: 'X', name: 'x', uid: 'uid-x', controller: plan.random.chance(0.5) };
      owners.unshift(other);
    });
  }),
  ...['0', '', '01', '+1', 'x', '99'].map((revision) =>
    twin(`request-revision-${revision || 'empty'}`, (plan) => {
      plan.withRequest = true;
      plan.spec.isCA = !plan.spec.isCA;
      plan.editObjects.push(({ requests: [request] }) => {
        const annotations = request?.metadata.annotations as Record<string, string>;
        annotations['cert-manager.io/certificate-revision'] = revision;
      });
    }),
  ),
  twin('request-no-annotations', (plan) => {
    plan.withRequest = true;
    plan.spec.isCA = !plan.spec.isCA;
    plan.editObjects.push(({ requests: [request] }) => void delete request?.metadata.annotations);
  }),
  twin('no-revision', (plan) => {
    plan.withRequest = true;
    plan.spec.isCA = !plan.spec.isCA;
    plan.editObjects.push(({ certificate }) => void delete certificate.status?.revision);
  }),
  twin('no-status', (plan) => {
    plan.spec.isCA = !plan.spec.isCA;
    plan.editObjects.push(({ certificate }) => void delete certificate.status);
  }),
  twin('older-and-other-requests', (plan) => {
    plan.withRequest = true;
    const revision = plan.status.revision ?? 1;
    plan.editObjects.push(async (objects) => {
      const older = await requestOf(plan, revision - 1);
      older.spec.request = 'AAAA';
      const foreign = await requestOf(plan, revision);
      foreign.metadata.name = 'foreign';
      (foreign.metadata.ownerReferences?.[0] as { uid: string }).uid = 'uid-else';
      objects.requests.unshift(older, foreign);
    });
  }),
  twin('request-from-spec-of-before', (plan) => {
    // The spec was edited and edited back: the request is of the spec as it is.
    plan.requestSpec = structuredClone(plan.spec) as CertificateSpec;
    plan.requestFields = requestFieldsOf(plan.spec);
  }),
];
