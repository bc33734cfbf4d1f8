import type { ExitCode, Problem } from './problems.ts';

/** The report that `--json` prints and the Action's `report-path` points to. It never holds key material. */
export interface Report {
  command: Command;
  certkeep: string;
  exitCode: ExitCode;
  /** uid of the namespace kube-system: the identity of the cluster; '' where none was asked. */
  cluster: string;
  /** Version of cert-manager with a leading v, '' where it is not known. */
  certManager: string;
  verdict: Verdict | '';
  barrier?: Barrier;
  certificates: CertificateReport[];
  objects?: ObjectReport[];
  problems: Problem[];
  /** backup, check: facts about the backup. */
  backup?: BackupSummary;
  /** predict: what lies ahead. */
  forecast?: ForecastReport;
}

export type Command = 'backup' | 'check' | 'predict' | 'plan' | 'restore' | 'verify' | 'resume' | 'rbac';
export type Prediction = 'keep' | 'reissue' | 'undecidable';
export type CertificateVerdict =
  | 'unchanged'
  | 'renewed'
  | 'reissued'
  | 'issuing'
  | 'failed'
  | 'missing'
  | 'awaiting-maker'
  | 'unproven';
export type Verdict =
  | 'complete'
  | 'incomplete'
  | 'sound'
  | 'unsound'
  | 'keep'
  | 'reissue'
  | 'undecidable'
  | 'unchanged'
  | 'reissued'
  | 'unproven';
export type Barrier = 'passed' | 'waived' | 'failed';
export type Action = 'create' | 'replace' | 'unchanged' | 'keep' | 'skip' | 'conflict';

export interface CertificateReport {
  namespace: string;
  name: string;
  prediction?: Prediction;
  /** cert-manager's own words, empty for keep. */
  reason?: string;
  message?: string;
  /** When it next renews on its own, RFC 3339; null where that is not known or never. */
  at?: string | null;
  verdict?: CertificateVerdict;
  /** What was compared, before and after. */
  evidence?: Evidence;
  /** predict: the Ingress, Gateway or ListenerSet whose doing the prediction is. */
  maker?: MakerReport;
  /** predict --cert-manager-version: what the upgrade does to it. */
  upgrade?: CertificateUpgrade;
}

/** What cert-manager does to a Certificate for the object that it is made from. */
export interface MakerReport {
  /** `Kind/namespace/name`. */
  object: string;
  action: 'create' | 'update' | 'recreate' | 'undecidable';
  /** The fields that it changes: `spec.dnsNames`. */
  changes: string[];
}

/** What an upgrade of cert-manager does to one Certificate. */
export interface CertificateUpgrade {
  /** As the release that runs now decides, and as the other one does. */
  before: Prediction;
  after: Prediction;
  /** Reissued by the upgrade, in whatever order it is done. */
  reissued: boolean;
  /** Reissued only where the CRDs are changed while the old controller still runs. */
  reissuedIfCrdsFirst: boolean;
  /** Codes of `forecast.upgrade.hazards` that touch it. */
  hazards: string[];
}

/** predict: the time it speaks of, and what comes in it. */
export interface ForecastReport {
  /** RFC 3339: the moment of the prediction, and the end of the horizon. */
  now: string;
  until: string;
  /** The release whose rules decided, without v; `assumed` where the source does not say it, `known` false where it is newer than the rules. */
  rules: { version: string; known: boolean; assumed: boolean };
  /** Ordinary renewals before `until`, week by week from `now` (RFC 3339). */
  weeks: { from: string; renewals: number }[];
  /** What would be asked of each ACME server. */
  cost: CaCost[];
  upgrade?: UpgradeReport;
}

/** Orders at one CA, beside its limits. */
export interface CaCost {
  /** URL of the ACME directory. */
  server: string;
  /** Name of the CA, '' where its limits are not known. */
  ca: string;
  /** Orders that would be made now, and renewals before the end of the horizon. */
  ordersNow: number;
  renewals: number;
  limits: CaLimitUse[];
}

/** How near one limit comes, for what it counts by. */
export interface CaLimitUse {
  per: 'registered-domain' | 'exact-names' | 'account';
  /** The registered domain, the names, the issuer. */
  of: string;
  limit: number;
  /** In days or hours, as people write it. */
  window: string;
  /** The most orders that fall into one such window. */
  orders: number;
  exceeded: boolean;
}

/** predict --cert-manager-version: the upgrade as a whole. */
export interface UpgradeReport {
  /** Without v. */
  from: string;
  to: string;
  /** `namespace/name`. */
  reissued: string[];
  reissuedIfCrdsFirst: string[];
  hazards: HazardReport[];
}

/** In the order of their weight. */
export const HAZARD_EFFECTS = ['reissue', 'renewal', 'cleanup', 'next-issuance', 'upgrade'] as const;

/** A change between two releases, and whom it touches. */
export interface HazardReport {
  code: string;
  /** What it touches. */
  level: 'certificate' | 'issuer' | 'maker' | 'cluster';
  effect: (typeof HAZARD_EFFECTS)[number];
  message: string;
  /** Where upstream says so. */
  source: string;
  url: string;
  advice: string;
  /** Certificates that it touches, or whose issuer it touches; 0 for the installation. */
  certificates: number;
  /** `namespace/name` of the first of them; issuers with their kind before. */
  examples: string[];
  /** The smallest change of the first one's manifest that avoids it, as a unified diff; '' where there is none. */
  diff: string;
}

/** One compared fact: what the baseline said, and what the cluster says now. */
export interface EvidenceFact {
  before: string | number | boolean | null;
  after: string | number | boolean | null;
}
export type Evidence = Record<string, EvidenceFact>;

export interface ObjectReport {
  kind: string;
  namespace?: string;
  name: string;
  action: Action;
  why: string;
  /** 10 namespaces, 20 CRDs, 30 Secrets, 40 issuers, 50 Certificates: the number of its file. */
  stage: number;
  /** RFC 3339 with milliseconds; '' where nothing was written. */
  writtenAt?: string;
  resourceVersion?: string;
}

export interface BackupSummary {
  path: string;
  root: string;
  createdAt: string;
  certManager: string;
  cluster: string;
  encryption: 'none' | 'secrets' | 'all';
  restorable: boolean;
  counts: Record<string, number>;
  /** What was read and does not belong in a backup, by what it is. */
  leftOut?: Record<string, number>;
}
