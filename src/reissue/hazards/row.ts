import type { Issuer } from '../../model/objects.ts';
import type { ControllerFlags } from '../flags.ts';
import { hasChange, type Rules } from '../versions.ts';

/**
 * What a change between two releases does.
 * `reissue`: something may be issued anew by the upgrade itself.
 * `next-issuance`: nothing is issued, but the next issuance differs: another key, signature or content.
 * `renewal`: renewals fail, stop, or come at another time.
 * `cleanup`: objects are deleted.
 * `upgrade`: the upgrade, or the new controller's start, fails.
 */
export type HazardEffect = 'reissue' | 'next-issuance' | 'renewal' | 'cleanup' | 'upgrade';

/** What it touches: one Certificate; an issuer; the maker of Certificates (an Ingress and the like); the installation. */
export type HazardLevel = 'certificate' | 'issuer' | 'maker' | 'cluster';

/** One edit of a manifest. `undefined` is an absent field. */
export interface Change {
  /** Field names joined by dots. */
  path: string;
  before: unknown;
  after: unknown;
}

/** A change between two releases that touches an object. */
export interface Hazard {
  /** A stable word. */
  code: string;
  level: HazardLevel;
  effect: HazardEffect;
  /** The first releases that have the change, one of each minor release at most. */
  since: readonly string[];
  /** What changed and what it does here. */
  message: string;
  /** Where upstream says so. */
  source: string;
  url: string;
  /** What avoids it. */
  advice: string;
  /** The smallest change of the object's manifest that avoids it, where there is one; the first of `changes`. */
  change?: Change;
  /** All edits of that change. */
  changes?: Change[];
}

/** How Helm and the API server hold cert-manager's CRDs. */
export interface CrdFacts {
  /** Helm installed them as part of a release. */
  byHelm?: boolean;
  /** They carry helm.sh/resource-policy: keep. */
  kept?: boolean;
  /** All of status.storedVersions. */
  storedVersions: readonly string[];
}

/** What is known besides the objects; what is absent is not known, and the rows that need it are left out. */
export interface UpgradeFacts {
  now?: Date;
  /** The controller's arguments, which stay as they are over the upgrade. */
  flags?: ControllerFlags;
  /** The issuer that the Certificate refers to. */
  issuer?: Issuer | undefined;
  /** `namespace/name` of the ServiceAccount that the controller runs as. */
  controllerServiceAccount?: string;
  /** Where ClusterIssuers find their Secrets. */
  clusterResourceNamespace?: string;
  secretExists?: (namespace: string, name: string) => boolean;
  crds?: CrdFacts;
  /** The values that the Helm release was installed with. */
  helmValues?: Record<string, unknown>;
}

/** An upgrade from one release to another: the rules of both under the flags. */
export interface Upgrade {
  from: Rules;
  to: Rules;
  facts: UpgradeFacts;
}

/** A row of the table of hazards, for objects of one kind. */
export interface Row<Subject> extends Omit<Hazard, 'change' | 'changes'> {
  /** The first releases in which the change is mended or taken back. */
  until?: readonly string[];
  /** The hazard is to lose the change: to go from a release that has it to one that has not. */
  backwards?: true;
  /** Whether the upgrade crosses the change, where the releases alone do not say. */
  crosses?(upgrade: Upgrade): boolean;
  touches(subject: Subject, upgrade: Upgrade): boolean;
  changes?(subject: Subject, upgrade: Upgrade): Change[];
}

/** The hazards of an upgrade for one object, in the order of the rows. */
export function hazardsOfRows<Subject>(rows: readonly Row<Subject>[], subject: Subject, upgrade: Upgrade): Hazard[] {
  return rows
    .filter((row) => crosses(row, upgrade) && row.touches(subject, upgrade))
    .map((row) => {
      const { code, level, effect, since, message, source, url, advice } = row;
      const changes = row.changes?.(subject, upgrade) ?? [];
      const [change] = changes;
      const edits = change === undefined ? {} : { change, changes };
      return { code, level, effect, since, message, source, url, advice, ...edits };
    });
}

/** Whether an upgrade crosses the change of a row. */
export function crosses<Subject>(row: Row<Subject>, upgrade: Upgrade): boolean {
  if (row.crosses !== undefined) return row.crosses(upgrade);
  const has = ({ version }: Rules): boolean =>
    hasChange(version, row.since) && !(row.until !== undefined && hasChange(version, row.until));
  const [before, after] = [has(upgrade.from), has(upgrade.to)];
  return row.backwards === true ? before && !after : !before && after;
}

/** The value at a path of an object from outside; undefined where there is none. */
export function at(object: unknown, ...path: string[]): unknown {
  let value = object;
  for (const field of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    value = (value as Record<string, unknown>)[field];
  }
  return value ?? undefined;
}

/** The elements of a list at a path; none where there is no list. */
export function listAt(object: unknown, ...path: string[]): unknown[] {
  const value = at(object, ...path);
  return Array.isArray(value) ? value : [];
}

export const NOTES = (minor: string): Pick<Hazard, 'source' | 'url'> => ({
  source: `cert-manager release notes ${minor}`,
  url: `https://cert-manager.io/docs/releases/release-notes/release-notes-${minor}/`,
});
export const PULL = (number: number): Pick<Hazard, 'source' | 'url'> => ({
  source: `cert-manager pull request ${number}`,
  url: `https://github.com/cert-manager/cert-manager/pull/${number}`,
});
export const ISSUE = (number: number): Pick<Hazard, 'source' | 'url'> => ({
  source: `cert-manager issue ${number}`,
  url: `https://github.com/cert-manager/cert-manager/issues/${number}`,
});
