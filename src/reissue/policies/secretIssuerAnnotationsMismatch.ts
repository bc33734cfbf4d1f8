import { ISSUER_GROUP_ANNOTATION, ISSUER_KIND_ANNOTATION, ISSUER_NAME_ANNOTATION } from '../../model/kinds.ts';
import { issuerGroup, issuerKind } from '../matches.ts';
import { quote } from '../quote.ts';
import { type Policy, REASON } from './policy.ts';

/**
 * The issuer's annotations on the Secret must name the issuer of the spec (apiutil.SecretIssuerAnnotationsMatch).
 * Where there are none at all, the name is not compared but kind and group still are: a bare Secret fits an Issuer and
 * not a ClusterIssuer.
 */
export const secretIssuerAnnotationsMismatch: Policy = ({ certificate, secret, rules }) => {
  const annotations = secret?.metadata.annotations ?? {};
  const name = annotations[ISSUER_NAME_ANNOTATION];
  const kind = annotations[ISSUER_KIND_ANNOTATION];
  const group = annotations[ISSUER_GROUP_ANNOTATION];
  const ref = certificate.spec.issuerRef;
  const any = name !== undefined || kind !== undefined || group !== undefined || !rules.rewrittenChain;
  const matches =
    !(any && (name ?? '') !== ref.name) &&
    issuerKind(kind) === issuerKind(ref.kind) &&
    issuerGroup(group) === issuerGroup(ref.group);
  if (matches) return undefined;
  const issuer = `${issuerKind(kind)}.${issuerGroup(group)}/${name ?? ''}`;
  return {
    reason: REASON.IncorrectIssuer,
    message: `Issuing certificate as Secret was previously issued by ${rules.rewrittenChain ? quote(issuer) : issuer}`,
  };
};
