import type { Certificate, CertificateRequest, Issuer, KubeObject, Secret } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import type { BackupSummary } from '../model/report.ts';
import type { UpgradeFacts } from '../reissue/hazards.ts';

/** Everything that the prediction is made from, wherever it came from. */
export interface PredictState {
  /** In words, for messages: `the cluster …`, `the backup …`, `the manifests`. */
  name: string;
  /** uid of the cluster; '' where it is not known. */
  cluster: string;
  /** The cert-manager of the source, `v1.21.2`; '' where it is not known. */
  version: string;
  certificates: Certificate[];
  secrets: Secret[];
  requests: CertificateRequest[];
  /** Issuers and ClusterIssuers. */
  issuers: Issuer[];
  /** What the shims make Certificates from, and what those refer to: Ingresses, Gateways, ListenerSets, and so on. */
  makers: KubeObject[];
  /** Settings of the controller as `--name=value`; `known` false where there may be others. */
  controllerFlags: { flags: readonly string[]; known: boolean };
  /** `namespace/name` of a Certificate → why nothing can be said of it. */
  broken: Map<string, string>;
  /** `namespace/name` of a Secret → why nothing can be said of those that use it. */
  brokenSecrets: Map<string, string>;
  /**
   * Why an object that is not among these may exist nevertheless; '' where the source is whole. Then what is absent is
   * not taken for absent.
   */
  partial: string;
  /** Why no Secret is known; '' where they are. */
  noSecrets: string;
  problems: Problem[];
  backup?: BackupSummary;
  /** What else is known of the installation: the controller's flags and more. */
  facts: UpgradeFacts;
}

/** `namespace/name`. */
export function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

export function emptyState(name: string): PredictState {
  return {
    name,
    cluster: '',
    version: '',
    certificates: [],
    secrets: [],
    requests: [],
    issuers: [],
    makers: [],
    controllerFlags: { flags: [], known: false },
    broken: new Map(),
    brokenSecrets: new Map(),
    partial: '',
    noSecrets: '',
    problems: [],
    facts: {},
  };
}
