import type { CertificateSpec } from '../../../src/model/objects.ts';
import {
  about,
  all,
  edited,
  fromTheStart,
  issuer,
  keeps,
  onRequest,
  reissues,
  type State,
  set,
  withoutRequest,
} from '../state.ts';
import { padTo } from './secret.ts';

const UPN = '1.3.6.1.4.1.311.20.2.3';

/** Issued with the first fields, edited to the second. */
const from = (before: Partial<CertificateSpec>, after: Partial<CertificateSpec>) =>
  all(fromTheStart(set(before)), edited(set(after)));

const literal = (spec: CertificateSpec): void => {
  delete spec.commonName;
  delete spec.subject;
  spec.literalSubject = 'CN=web\\, too,O=Köln,C=DE';
};

/** What the policies on the current CertificateRequest find, and the comparison with the leaf where there is none. */
export const REQUEST: State[] = [
  ...about(
    'SecretPublicKeyDiffersFromCurrentCertificateRequest',
    reissues('request-of-other-key', (plan) => {
      plan.keys.request = 'p256-2';
    }),
    reissues('request-of-other-algorithm', (plan) => {
      plan.keys.request = 'rsa2048-2';
    }),
    keeps('request-of-other-key-older-revision', (plan) => {
      plan.keys.request = 'p256-2';
      plan.status.revision = 2;
      onRequest((request) => {
        request.metadata.name = 'web-1';
        (request.metadata.annotations as Record<string, string>)['cert-manager.io/certificate-revision'] = '1';
      })(plan);
    }),
    keeps(
      'request-over-6500-bytes',
      (plan) => {
        plan.editRequest = padTo(6501);
      },
      // The webhook of 1.18.2 takes none above 6500 bytes.
      { since: '1.21' },
    ),
  ),
  ...about(
    'CurrentCertificateRequestMismatchesSpec',
    keeps('dns-other-order', edited(set({ dnsNames: ['www.example.com', 'web.example.com'] }))),
    reissues('dns-added', edited(set({ dnsNames: ['web.example.com', 'www.example.com', 'new.example.com'] }))),
    reissues('dns-duplicated', edited(set({ dnsNames: ['web.example.com', 'www.example.com', 'www.example.com'] }))),
    reissues('dns-other-case', edited(set({ dnsNames: ['Web.example.com', 'www.example.com'] }))),
    reissues('common-name-added', edited(set({ commonName: 'web.example.com' }))),
    keeps('ipv6-other-spelling', from({ ipAddresses: ['2001:db8::1'] }, { ipAddresses: ['2001:0DB8:0:0:0:0:0:1'] })),
    keeps('ipv4-as-ipv6', from({ ipAddresses: ['192.0.2.7'] }, { ipAddresses: ['::ffff:192.0.2.7'] })),
    reissues('ip-other', from({ ipAddresses: ['2001:db8::1'] }, { ipAddresses: ['2001:db8::2'] })),
    reissues(
      'email-other-case',
      from({ emailAddresses: ['ops@example.com'] }, { emailAddresses: ['Ops@example.com'] }),
    ),
    reissues('uri-other', from({ uris: ['spiffe://example.com/a'] }, { uris: ['spiffe://example.com/b'] })),
    keeps(
      'subject-other-order',
      from({ subject: { organizations: ['A', 'B'] } }, { subject: { organizations: ['B', 'A'] } }),
    ),
    reissues('subject-other', from({ subject: { provinces: ['BE'] } }, { subject: { provinces: ['NRW'] } })),
    keeps(
      'literal-subject-other-escapes',
      all(fromTheStart(literal), edited(set({ literalSubject: 'CN=web\\2c too,O=K\\c3\\b6ln,C=DE' }))),
    ),
    reissues(
      'literal-subject-other-order',
      all(fromTheStart(literal), edited(set({ literalSubject: 'C=DE,O=Köln,CN=web\\, too' }))),
    ),
    keeps('other-names-same', fromTheStart(set({ otherNames: [{ oid: UPN, utf8Value: 'a@corp' }] })), {
      since: '1.21',
    }),
    reissues(
      'other-names-other',
      from({ otherNames: [{ oid: UPN, utf8Value: 'a@corp' }] }, { otherNames: [{ oid: UPN, utf8Value: 'b@corp' }] }),
      { since: '1.21' },
    ),
    reissues('other-names-added', edited(set({ otherNames: [{ oid: UPN, utf8Value: 'a@corp' }] })), { since: '1.21' }),
    keeps(
      'usages-other-order',
      from({ usages: ['server auth', 'client auth'] }, { usages: ['client auth', 'server auth'] }),
    ),
    reissues('usages-edited', edited(set({ usages: ['client auth'] }))),
    reissues('is-ca-edited', edited(set({ isCA: true }))),
    keeps('duration-spelled-otherwise', from({ duration: '2160h' }, { duration: '129600m' })),
    reissues('duration-edited', from({ duration: '2160h' }, { duration: '2161h' })),
    keeps('duration-added', edited(set({ duration: '2000h' }))),
    keeps(
      'issuer-kind-spelled-out',
      all(
        issuer({ name: 'gone' }),
        edited(set({ issuerRef: { name: 'gone', kind: 'Issuer', group: 'cert-manager.io' } })),
      ),
      { in118: 'reissue' },
    ),
    keeps(
      'not-compared-fields',
      edited(
        set({
          revisionHistoryLimit: 3,
          secretTemplate: { labels: { a: 'b' } },
          encodeUsagesInRequest: false,
          renewBefore: '1h',
        }),
      ),
    ),
  ),
  ...about(
    'CurrentCertificateRequestMismatchesSpec, no request',
    keeps('fuzzy-sound', withoutRequest),
    reissues('fuzzy-dns-added', all(withoutRequest, edited(set({ dnsNames: ['web.example.com', 'new.example.com'] })))),
    keeps('fuzzy-usages-edited', all(withoutRequest, edited(set({ usages: ['client auth'], isCA: true })))),
    keeps('fuzzy-subject-edited', all(withoutRequest, edited(set({ subject: { organizations: ['New'] } })))),
    keeps('fuzzy-common-name-in-dns', all(withoutRequest, edited(set({ commonName: 'web.example.com' })))),
    // Certificates that were steady as long as their request was there, and are not without it.
    reissues('fuzzy-literal-subject', all(withoutRequest, fromTheStart(literal))),
    keeps('strict-literal-subject', fromTheStart(literal)),
    ...[true, false].flatMap((strict) => {
      const name = strict ? 'strict' : 'fuzzy';
      const change = strict ? () => undefined : withoutRequest;
      const outcome = strict ? keeps : reissues;
      return [
        outcome(
          `${name}-ca-lowers-case`,
          all(change, fromTheStart(set({ dnsNames: ['WWW.example.com'] })), (plan) => {
            plan.template.dnsNames = ['www.example.com'];
          }),
        ),
        outcome(
          `${name}-ca-adds-name`,
          all(change, (plan) => {
            plan.template.dnsNames = ['web.example.com', 'www.example.com', 'added.example.com'];
          }),
        ),
        outcome(
          `${name}-ca-sets-common-name`,
          all(change, (plan) => {
            plan.template.commonName = 'By the CA';
          }),
        ),
        outcome(
          `${name}-ca-removes-duplicate-ip`,
          all(change, fromTheStart(set({ ipAddresses: ['10.0.0.1', '10.0.0.1'] })), (plan) => {
            plan.template.ipAddresses = ['10.0.0.1'];
          }),
        ),
        outcome(
          `${name}-ca-drops-uri-and-email`,
          all(
            change,
            fromTheStart(set({ uris: ['spiffe://example.com/a'], emailAddresses: ['ops@example.com'] })),
            (plan) => {
              plan.template.uris = [];
              plan.template.emailAddresses = [];
            },
          ),
        ),
      ];
    }),
  ),
];
