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
