import { hasChange, rulesFor } from '../versions.ts';

/**
 * What differs between the releases of cert-manager, 1.11 to 1.21, in the certificate-shim
 * (pkg/controller/certificate-shim). Each field names the change and the first release that has it; patch releases
 * changed nothing but what is said here.
 */
export interface ShimRules {
  /** An object that is being deleted, or waits for its dependents to go, is left alone: 1.12.0. */
  leavesDeleted: boolean;
  /** Annotations email-sans and subject-*: 1.12.0. */
  subject: boolean;
  /** Hosts that are IP addresses go to spec.ipAddresses: 1.13.0. Before, all went to dnsNames. */
  splitsIPs: boolean;
  /** Listeners of protocols other than HTTPS and TLS are left out: 1.14.0. */
  protocols: boolean;
  /** The API version that the owner reference to a Gateway names. */
  gatewayVersion: 'v1beta1' | 'v1';
  /** Annotation secret-template: 1.15.0. */
  secretTemplate: boolean;
  /** Annotation renew-before-percentage: 1.16.0. */
  renewBeforePercentage: boolean;
  /** The label applyset.kubernetes.io/part-of is not handed down: 1.17.0. */
  dropsApplySetLabel: boolean;
  /** --extra-certificate-annotations: 1.18.0. */
  extraAnnotations: boolean;
  /** Listeners that pass TLS through are left out without a warning: 1.18.0. */
  passthrough: boolean;
  /** ListenerSets, behind a feature gate: 1.20.0. */
  listenerSets: boolean;
  /**
   * revisionHistoryLimit is compared by value: 1.20.0. Before, the pointers were: whoever has one is written again at
   * every sync, and with it the whole spec.
   */
  comparesLimitByValue: boolean;
  /** A difference in duration or renewBefore is a reason to update: 1.20.0. */
  comparesDurations: boolean;
  /** The annotations on ACME's HTTP-01 solver: ingressClassName and the parent of a Gateway's route, 1.20.0. */
  solverAnnotations: boolean;
  /** Annotations alt-names and ip-sans: 1.21.0. */
  altNames: boolean;
  /** ignore-tls-listeners, --gateway-api-extra-protocols, http01-parentreffallback: 1.21.0. */
  listenerOptions: boolean;
  /** Of hosts that come twice, one is taken: 1.21.2. */
  deduplicates: boolean;
}

/** The shim's rules of one release. Throws as `rulesFor` does. */
export function shimRulesFor(version: string): ShimRules {
  // Refuses what is no version, and those that are too old.
  rulesFor(version);
  const since = (release: string): boolean => hasChange(version, [release]);
  return {
    leavesDeleted: since('1.12.0'),
    subject: since('1.12.0'),
    splitsIPs: since('1.13.0'),
    protocols: since('1.14.0'),
    gatewayVersion: since('1.14.0') ? 'v1' : 'v1beta1',
    secretTemplate: since('1.15.0'),
    renewBeforePercentage: since('1.16.0'),
    dropsApplySetLabel: since('1.17.0'),
    extraAnnotations: since('1.18.0'),
    passthrough: since('1.18.0'),
    listenerSets: since('1.20.0'),
    comparesLimitByValue: since('1.20.0'),
    comparesDurations: since('1.20.0'),
    solverAnnotations: since('1.20.0'),
    altNames: since('1.21.0'),
    listenerOptions: since('1.21.0'),
    deduplicates: since('1.21.2'),
  };
}
