import type { Problem } from '../model/problems.ts';
import type { CertificateVerdict, Evidence } from '../model/report.ts';
import { compare, type Observed } from './evidence.ts';
import { issuingReasons } from './explain.ts';
import { findMakers } from './makers.ts';
import { readObserved } from './read.ts';
import { baselineOf, type VerifyRequest } from './request.ts';
import { type Expected, nameOf } from './scope.ts';
import { verdictOf } from './verdict.ts';
import { Deadline, explainWait, waitFor } from './wait.ts';

/** One Certificate of the backup, judged. */
export interface Judged {
  entry: Expected;
  verdict: CertificateVerdict;
  reason: string;
  warning?: string;
  /** cert-manager's own words on why it issues, from its events; absent where there are none. */
  words?: string;
  /** When it next renews on its own, as the cluster says now. */
  renewsAt: string | null;
  /** Nothing is wrong with it; only the barrier, which has a problem of its own, was not passed. */
  barrierOnly?: true;
  evidence: Evidence;
}

/** How long a renewal that is due may take. */
const SETTLE_MS = 20_000;

/**
 * Reads the cluster and judges every expected Certificate; a renewal that is due and in progress is waited for. Where `looked` is false, cert-manager has not
 * surely looked at everything, and nothing may be called unchanged. Throws CertkeepError.
 */
export async function judge(
  request: VerifyRequest,
  expected: readonly Expected[],
  namespaces: readonly string[],
  looked: boolean,
): Promise<{ judged: Judged[]; problems: Problem[] }> {
  let last: { judged: Judged[]; live: Map<string, Observed> } | undefined;
  const everyMs = (request.pollMs ?? 250) * 4;
  try {
    await waitFor(
      async () => {
        last = await judgeOnce(request, expected, namespaces);
        return last.judged.some((one) => mayYetSettle(request, one)) ? undefined : true;
      },
      { deadline: new Deadline(looked ? SETTLE_MS : 0), everyMs, signal: request.signal },
    );
  } catch (error) {
    throw explainWait(error, 'compare with the backup', request.signal);
  }
  const { judged, live } = last ?? { judged: [], live: new Map<string, Observed>() };
  const words = await wordsFor(request, judged);
  return {
    judged: judged.map((one) => {
      const said = words.get(nameOf(one.entry));
      const finished = said === undefined ? one : { ...one, words: said };
      return looked || one.verdict !== 'unchanged' ? finished : { ...finished, ...notProved };
    }),
    problems: [...unknownOnes(expected, live), ...withoutRevision(expected, live)],
  };
}

const notProved = {
  verdict: 'unproven',
  reason: 'No change was found, but cert-manager has not surely looked at the Certificate yet.',
  barrierOnly: true,
} as const;

async function judgeOnce(
  request: VerifyRequest,
  expected: readonly Expected[],
  namespaces: readonly string[],
): Promise<{ judged: Judged[]; live: Map<string, Observed> }> {
  const names = new Set(expected.map(nameOf));
  const baseline = baselineOf(request);
  const live = await readObserved(request.cluster, namespaces, { baseline, isExpected: (name) => names.has(name) });
  const derived = expected.filter((entry) => entry.role === 'derived-certificate' && !live.has(nameOf(entry)));
  const makers = await findMakers(request.cluster, derived);
  const judged = expected.map((entry): Judged => {
    const comparison = compare(entry.baseline, live.get(nameOf(entry)), baseline);
    const maker = makers.get(nameOf(entry));
    const verdict = verdictOf(comparison, maker === undefined ? {} : { maker });
    return { entry, ...verdict, renewsAt: comparison.after?.renewalTime ?? null, evidence: comparison.evidence };
  });
  return { judged, live };
}

function mayYetSettle(request: VerifyRequest, { verdict, entry }: Judged): boolean {
  const due = entry.baseline.renewalTime;
  return verdict === 'issuing' && due !== null && Date.parse(due) <= request.clock.now().getTime();
}

async function wordsFor(request: VerifyRequest, judged: readonly Judged[]): Promise<Map<string, string>> {
  const touched = judged.filter((one) => ['reissued', 'issuing', 'failed'].includes(one.verdict));
  if (touched.length === 0) return new Map();
  const namespaces = [...new Set(touched.map((one) => one.entry.namespace ?? ''))];
  return issuingReasons(request.cluster, namespaces, new Date(request.backup.manifest.createdAt));
}

function unknownOnes(expected: readonly Expected[], live: ReadonlyMap<string, Observed>): Problem[] {
  const known = new Set(expected.map(nameOf));
  const count = [...live.keys()].filter((name) => !known.has(name)).length;
  if (count === 0) return [];
  return [
    {
      severity: 'note',
      code: 'unproven',
      message: `${count} ${count === 1 ? 'Certificate' : 'Certificates'} in these namespaces ${count === 1 ? 'is' : 'are'} not in the backup, so nothing is said about ${count === 1 ? 'it' : 'them'}.`,
      fix: 'Make a new backup to have them covered.',
    },
  ];
}

/** Certificates that were made again without their status: by hand, since certkeep restores it. */
function withoutRevision(expected: readonly Expected[], live: ReadonlyMap<string, Observed>): Problem[] {
  const lost = expected.filter((entry) => {
    const now = live.get(nameOf(entry))?.facts;
    return (
      entry.role === 'certificate' && entry.baseline.revision !== null && now !== undefined && now.revision === null
    );
  });
  if (lost.length === 0) return [];
  return [
    {
      severity: 'note',
      code: 'unproven',
      message: `${lost.length} ${lost.length === 1 ? 'Certificate has' : 'Certificates have'} no revision any more, since the status was not restored: a later verification has the certificate and the requests to go by, but not the revision.`,
      fix: 'certkeep restore writes the status back; after a restore by hand, make a new backup now.',
    },
  ];
}
