import type { Certificate } from '../../model/objects.ts';
import { created, updated, type Wanted, wantedCertificate } from './certificate.ts';
import type { ShimFlags } from './flags.ts';
import { duplicateSecretName, tlsHosts, usesSecret } from './hosts.ts';
import { type Certificates, isControlledBy, wrongInPlace } from './inPlace.ts';
import { hasShimAnnotation, issuerFor } from './issuer.ts';
import type { Maker } from './maker.ts';
import { needsUpdate } from './needsUpdate.ts';
import type { ShimRules } from './rules.ts';
import { BadAnnotation } from './translate.ts';

/** What the shim does to one Certificate of a maker. */
export interface Step {
  /**
   * `keep`: it is as it should be. `refuse`: another owner, or none: it is never touched. `delete`: no longer asked for.
   * `recreate`: deleted, and at once made anew. `undecidable`: `why` says what is wrong with the Certificate.
   */
  action: 'create' | 'update' | 'keep' | 'refuse' | 'delete' | 'recreate' | 'undecidable';
  existing: Certificate | undefined;
  /** As the shim leaves it; undefined where it is deleted. */
  after: Certificate | undefined;
  /** `recreate`: as the shim writes it right before it deletes it. */
  written?: Certificate;
  why?: string;
}

export interface SyncResult {
  steps: Step[];
  /** Why the shim does nothing for this maker; undefined where it does its work. */
  idle: { why: string; wrong: boolean } | undefined;
  /** Entries of the maker that are left out, and why. */
  skipped: string[];
}

const idle = (why: string, wrong: boolean, skipped: string[] = []): SyncResult => ({
  steps: [],
  idle: { why, wrong },
  skipped,
});

/** One run of the shim for one maker (SyncFnFor in pkg/controller/certificate-shim/sync.go). Throws Undecidable. */
export function sync(
  maker: Maker,
  certificates: Certificates,
  rules: ShimRules,
  flags: Required<ShimFlags>,
): SyncResult {
  if (!hasShimAnnotation(maker, flags)) return idle('it does not ask for a Certificate', false);
  if (rules.leavesDeleted && (maker.beingDeleted || maker.waitsForDependents)) {
    return idle('it is being deleted', false);
  }
  const issuerRef = issuerFor(maker.annotations, flags);
  if ('wrong' in issuerRef) return idle(issuerRef.wrong, true);
  const duplicate = duplicateSecretName(maker);
  if (duplicate !== undefined) return idle(`two entries of spec.tls name the Secret "${duplicate}"`, true);
  const { hosts, skipped } = tlsHosts(maker, rules, flags);
  const wanted: Wanted[] = [];
  try {
    for (const [name, names] of hosts) {
      wanted.push(wantedCertificate(maker, name, names, issuerRef, rules, flags));
    }
  } catch (error) {
    if (error instanceof BadAnnotation) return idle(error.message, true, skipped);
    throw error;
  }
  return { steps: stepsFor(maker, wanted, certificates, rules), idle: undefined, skipped };
}

function stepsFor(maker: Maker, wanted: readonly Wanted[], certificates: Certificates, rules: ShimRules): Step[] {
  const steps = new Map<string, Step>();
  for (const one of wanted) steps.set(one.name, stepFor(maker, one, certificates.named(maker, one.name), rules));
  for (const existing of certificates.controlledBy(maker)) {
    const { name } = existing.metadata;
    const step = steps.get(name);
    if (step?.action === 'undecidable') continue;
    const wrong = wrongInPlace(existing);
    if (wrong !== undefined) {
      steps.set(name, { action: 'undecidable', existing, after: existing, why: wrong });
    } else if (!usesSecret(maker, existing.spec.secretName)) {
      const again = wanted.find((one) => one.name === name);
      steps.set(
        name,
        again === undefined
          ? { action: 'delete', existing, after: undefined }
          : { action: 'recreate', existing, after: created(again, maker, rules), written: updated(existing, again) },
      );
    } else if (step === undefined) {
      // What is left out (a listener that became plain HTTP, say) but still names its Secret stays as it is.
      steps.set(name, { action: 'keep', existing, after: existing });
    }
  }
  return [...steps.values()];
}

function stepFor(maker: Maker, wanted: Wanted, existing: Certificate | undefined, rules: ShimRules): Step {
  if (existing === undefined) return { action: 'create', existing, after: created(wanted, maker, rules) };
  const wrong = wrongInPlace(existing);
  if (wrong !== undefined) return { action: 'undecidable', existing, after: existing, why: wrong };
  if (!isControlledBy(existing, maker)) return { action: 'refuse', existing, after: existing };
  return needsUpdate(existing, wanted, rules)
    ? { action: 'update', existing, after: updated(existing, wanted) }
    : { action: 'keep', existing, after: existing };
}
