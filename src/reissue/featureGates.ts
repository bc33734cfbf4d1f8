import type { ControllerFlags } from './flags.ts';
import { hasChange } from './versions.ts';

/** A feature gate of the controller: the first releases that know it, and the first in which it is on by default. */
interface FeatureGate {
  since: readonly string[];
  on: readonly string[] | undefined;
  /** The first releases that no longer ask the gate: the feature is on, whatever is set. */
  fixed?: readonly string[];
}

/** internal/controller/feature/features.go of 1.11 to 1.21. No gate was ever removed from the controller. */
const GATES: Record<string, FeatureGate> = {
  ValidateCAA: { since: ['1.11.0'], on: undefined },
  ExperimentalCertificateSigningRequestControllers: { since: ['1.11.0'], on: undefined },
  ExperimentalGatewayAPISupport: { since: ['1.11.0'], on: ['1.15.0'] },
  AdditionalCertificateOutputFormats: { since: ['1.11.0'], on: ['1.15.0'] },
  ServerSideApply: { since: ['1.11.0'], on: undefined },
  LiteralCertificateSubject: { since: ['1.11.0'], on: ['1.15.0'] },
  StableCertificateRequestName: { since: ['1.11.0'], on: ['1.13.0'] },
  UseCertificateRequestBasicConstraints: { since: ['1.11.0'], on: undefined },
  SecretsFilteredCaching: { since: ['1.12.0'], on: ['1.13.0'] },
  DisallowInsecureCSRUsageDefinition: { since: ['1.13.0'], on: ['1.13.0'] },
  NameConstraints: { since: ['1.14.0'], on: ['1.17.0'] },
  OtherNames: { since: ['1.14.0'], on: ['1.20.0'] },
  UseDomainQualifiedFinalizer: { since: ['1.16.0'], on: ['1.17.0'] },
  DefaultPrivateKeyRotationPolicyAlways: { since: ['1.18.0'], on: ['1.18.0'], fixed: ['1.20.0'] },
  ACMEHTTP01IngressPathTypeExact: { since: ['1.18.1'], on: ['1.18.1'] },
  ListenerSets: { since: ['1.20.0'], on: undefined },
  ACMEUseARI: { since: ['1.21.0'], on: undefined },
};
/** Gates that set all others of their stage. */
const GROUPS = ['AllAlpha', 'AllBeta'];

export type GateName = keyof typeof GATES;

/** Whether that release, started with these flags, has the feature on. */
export function isOn(gate: GateName, version: string, flags: ControllerFlags | undefined): boolean {
  const { since, on, fixed } = GATES[gate] as FeatureGate;
  if (!hasChange(version, since)) return false;
  if (fixed !== undefined && hasChange(version, fixed)) return true;
  return flags?.featureGates[gate] ?? (on !== undefined && hasChange(version, on));
}

/** Those of the gates that are set which that release refuses: its controller then does not start. */
export function unknownGates(version: string, flags: ControllerFlags): string[] {
  return Object.keys(flags.featureGates).filter((name) => {
    const gate = GATES[name];
    return !GROUPS.includes(name) && (gate === undefined || !hasChange(version, gate.since));
  });
}
