import type { Certificate, CertificateRequest, CertificateSpec, Secret } from '../../src/model/objects.ts';
import type { Objects, Plan } from '../truth/plan.ts';
import { requestFieldsOf, rfc3339 } from '../truth/plan.ts';
import { Random } from '../truth/random.ts';
import type { Maker } from '../truth/run.ts';

export type Outcome =
  /** The controller issues nothing. */
  | 'keep'
  /** It issues as soon as it looks. */
  | 'reissue'
  /** It issues when a back-off is over. */
  | 'later';

/** A state of one Certificate on a real cluster, as a change of one that is well. */
export interface State {
  /** Also the name of its namespace. */
  name: string;
  /** The policy or gate that it is about, by upstream's name; `sound` for none. */
  about: string;
  outcome: Outcome;
  /** The first release whose CRDs and webhook take it; default: all. */
  since?: '1.21';
  /** Where 1.18.2 decides otherwise. */
  in118?: Outcome;
  change(plan: Plan): void;
}

/** How long before now the base certificate was issued, and how long it is valid: its renewal is not near. */
export const AGE_DAYS = 10;
export const LIFETIME_DAYS = 90;
export const DAY = 86_400_000;
export const HOUR = 3_600_000;

/**
 * A Certificate that was issued ten days ago for ninety and is well, with its current CertificateRequest. Its issuer
 * does not exist, so that nothing that is begun is ever finished and every decision stays to be seen.
 */
export function basePlan(maker: Maker, now: Date): Plan {
  const notBefore = Math.floor(now.getTime() / 1000) * 1000 - AGE_DAYS * DAY;
  const notAfter = notBefore + LIFETIME_DAYS * DAY;
  const spec: CertificateSpec = {
    secretName: 'web-tls',
    issuerRef: { name: 'gone', kind: 'ClusterIssuer', group: 'cert-manager.io' },
    dnsNames: ['web.example.com', 'www.example.com'],
    privateKey: { algorithm: 'ECDSA', size: 256 },
  };
  return {
    flags: [],
    random: new Random(1),
    maker,
    spec,
    requestSpec: structuredClone(spec),
    leafSpec: structuredClone(spec),
    requestFields: requestFieldsOf(spec),
    template: { signer: 'p256-5', notBefore: rfc3339(notBefore), notAfter: rfc3339(notAfter) },
    keys: { secret: 'p256-0', request: 'p256-0', leaf: 'p256-0' },
    keyEncoding: 'PKCS1',
    chain: ['p256-5'],
    withRequest: true,
    annotations: {
      'cert-manager.io/certificate-name': 'web',
      'cert-manager.io/issuer-name': 'gone',
      'cert-manager.io/issuer-kind': 'ClusterIssuer',
      'cert-manager.io/issuer-group': 'cert-manager.io',
    },
    status: { revision: 1 },
    now: now.getTime(),
    editKey: (pem) => pem,
    editCertificate: (pem) => pem,
    editRequest: (pem) => pem,
    editObjects: [],
    damaged: false,
  };
}

/** States about one policy or gate. */
export function about(policy: string, ...states: Omit<State, 'about'>[]): State[] {
  return states.map((state) => ({ about: policy, ...state }));
}

type Change = (plan: Plan) => void;
type More = Pick<State, 'since' | 'in118'>;

export const keeps = (name: string, change: Change, more: More = {}): Omit<State, 'about'> => ({
  name,
  outcome: 'keep',
  change,
  ...more,
});
export const reissues = (name: string, change: Change, more: More = {}): Omit<State, 'about'> => ({
  name,
  outcome: 'reissue',
  change,
  ...more,
});
export const later = (name: string, change: Change, more: More = {}): Omit<State, 'about'> => ({
  name,
  outcome: 'later',
  change,
  ...more,
});

/** Edits the built Secret. */
export const onSecret =
  (edit: (secret: Secret) => void): Change =>
  (plan) =>
    void plan.editObjects.push(({ secret }) => edit(secret as Secret));

/** Edits the built objects. */
export const onObjects =
  (edit: (objects: Objects) => void | Promise<void>): Change =>
  (plan) =>
    void plan.editObjects.push(edit);

export const onCertificate = (edit: (certificate: Certificate) => void): Change =>
  onObjects(({ certificate }) => edit(certificate));

export const onRequest = (edit: (request: CertificateRequest) => void): Change =>
  onObjects(({ requests }) => edit(requests[0] as CertificateRequest));

export const all =
  (...changes: Change[]): Change =>
  (plan) => {
    for (const change of changes) change(plan);
  };

/** Sets something in the spec, in the request that was made of it and in the leaf. */
export const fromTheStart =
  (change: (spec: CertificateSpec) => void): Change =>
  (plan) => {
    for (const spec of [plan.spec, plan.requestSpec, plan.leafSpec]) change(spec);
    plan.requestFields = requestFieldsOf(plan.requestSpec);
  };

/** Sets fields of a spec; for `fromTheStart` and `edited`. */
export const set =
  (fields: Partial<CertificateSpec>) =>
  (spec: CertificateSpec): void => {
    Object.assign(spec, structuredClone(fields));
  };

/** An edit of the spec since the certificate was issued. */
export const edited =
  (change: (spec: CertificateSpec) => void): Change =>
  (plan) =>
    change(plan.spec);

export const withoutRequest: Change = (plan) => {
  plan.withRequest = false;
};

export const keyOfType =
  (key: string, privateKey: CertificateSpec['privateKey']): Change =>
  (plan) => {
    plan.keys = { secret: key, request: key, leaf: key };
    for (const spec of [plan.spec, plan.requestSpec, plan.leafSpec]) {
      if (privateKey === undefined) delete spec.privateKey;
      else spec.privateKey = { ...privateKey };
    }
  };

/** The issuer of the spec, of the request and, unless `annotated` is false, of the Secret's annotations. */
export const issuer =
  (ref: CertificateSpec['issuerRef'], annotated = true): Change =>
  (plan) => {
    for (const spec of [plan.spec, plan.requestSpec, plan.leafSpec]) spec.issuerRef = { ...ref };
    plan.requestFields.issuerRef = { ...ref };
    for (const part of ['name', 'kind', 'group'] as const) {
      if (annotated) plan.annotations[`cert-manager.io/issuer-${part}`] = ref[part] ?? '';
      else delete plan.annotations[`cert-manager.io/issuer-${part}`];
    }
  };
