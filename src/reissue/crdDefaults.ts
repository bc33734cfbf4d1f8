import type { Certificate, CertificateRequest, IssuerRef } from '../model/objects.ts';
import type { ReissueInput } from './input.ts';
import { issuerGroup, issuerKind } from './matches.ts';

/** The objects as an API server with the CRDs of 1.19.0 shows them. */
export function withDefaults(input: ReissueInput): ReissueInput {
  return {
    ...input,
    certificate: defaulted(input.certificate),
    requests: input.requests.map(defaulted),
    siblings: input.siblings.map(defaulted),
  };
}

/** The object as an API server with the CRDs of 1.19.0 shows it: kind and group of its issuerRef filled in. */
export function defaulted<T extends Certificate | CertificateRequest>(object: T): T {
  const ref = object?.spec?.issuerRef as IssuerRef | undefined;
  if (ref === undefined || ref === null || typeof ref !== 'object') return object;
  // An empty string is a value; the API server fills in only what is absent.
  const issuerRef = { ...ref, kind: ref.kind ?? issuerKind(undefined), group: ref.group ?? issuerGroup(undefined) };
  return { ...object, spec: { ...object.spec, issuerRef } };
}
