import { CERTIFICATE_NAME_ANNOTATION } from '../model/kinds.ts';
import type { Certificate, Secret } from '../model/objects.ts';
import type { ReissueInput } from '../reissue/input.ts';
import { reissueInputs } from '../reissue/state.ts';
import { nameOf, type PredictState } from './state.ts';

/** One Certificate as the decision wants it; `unknown` says why nothing can be decided from it, '' where it can. */
export interface Input extends ReissueInput {
  unknown: string;
}

/**
 * What cert-manager would decide from, for every Certificate of the state. Where something may exist that the state does
 * not hold, that is said instead of taking it for absent.
 */
export function inputsOf(state: PredictState): Input[] {
  return reissueInputs(state.certificates, state.secrets, state.requests).map((input) => ({
    ...input,
    unknown: whyUnknown(state, input),
  }));
}

function whyUnknown(state: PredictState, input: ReissueInput): string {
  const { certificate, secret } = input;
  const broken = state.broken.get(nameOf(certificate));
  if (broken !== undefined) return broken;
  if (state.noSecrets !== '') return state.noSecrets;
  const secretName = `${certificate.metadata.namespace ?? ''}/${certificate.spec.secretName}`;
  const brokenSecret = state.brokenSecrets.get(secretName);
  if (brokenSecret !== undefined) return brokenSecret;
  if (state.partial !== '' && secret === undefined) return `${state.partial}, and its Secret may be in it`;
  if (state.partial !== '' && lacksCurrentRequest(input))
    return `${state.partial}, and its current CertificateRequest may be in it`;
  if (ownerIsUnknown(input.siblings, secret)) {
    return 'several Certificates name the same Secret, and which of them is the oldest is not known';
  }
  return '';
}

function lacksCurrentRequest({ certificate, requests }: ReissueInput): boolean {
  return (certificate.status?.revision ?? undefined) !== undefined && requests.length === 0;
}

/** Among several, the Secret's annotation or the age decides which one owns it. */
function ownerIsUnknown(siblings: readonly Certificate[], secret: Secret | undefined): boolean {
  if (siblings.length < 2) return false;
  const named = secret?.metadata.annotations?.[CERTIFICATE_NAME_ANNOTATION];
  if (named !== undefined && siblings.some(({ metadata }) => metadata?.name === named)) return false;
  return siblings.some(({ metadata }) => !metadata?.creationTimestamp);
}
