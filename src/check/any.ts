import { CertkeepError, EXIT, exitCodeOf } from '../model/problems.ts';
import type { Report } from '../model/report.ts';
import { type CheckRequest, check } from './check.ts';
import { judgeForeign } from './foreign/check-foreign.ts';
import { detect, refuseMixture } from './foreign/detect.ts';
import type { ForeignOptions } from './foreign/foreign.ts';
import { loadForeign } from './foreign/load.ts';

export interface CheckAnyRequest extends Omit<CheckRequest, 'path'> {
  /** One certkeep backup; or Kubernetes manifests (files, directories, `-`), with one Velero backup at most. */
  paths: readonly string[];
  /** What `-` stands for. */
  stdin?: AsyncIterable<Uint8Array>;
}

/**
 * Judges whatever backup it is: certkeep's own, what kubectl printed, or Velero's, told apart by their first bytes.
 * What cannot be read at all gives a report too, with the one finding that says why. Throws CertkeepError for wrong usage.
 */
export async function checkAny(request: CheckAnyRequest): Promise<Report> {
  const { paths, stdin, ...common } = request;
  const found = await Promise.all(paths.map(async (path) => ({ path, kind: await detect(path) })));
  refuseMixture(found.map(({ kind }) => kind));
  const [first] = found;
  if (first === undefined || first.kind === 'certkeep') return check({ ...common, path: first?.path ?? '' });
  refuseOwnFlags(request);
  try {
    const collected = await loadForeign(found, stdin, foreignOptions(request), 'check');
    const { certificates, issuers, secrets, tool } = collected.foreign;
    request.progress.info(
      `${tool === 'velero' ? 'A Velero backup' : tool === 'kubectl' ? 'Kubernetes manifests' : 'Manifests of Velero'}: ${certificates.length} Certificates, ${issuers.length} issuers, ${secrets.size} Secrets.`,
    );
    return judgeForeign(collected, request.toolVersion);
  } catch (error) {
    if (!(error instanceof CertkeepError) || error.exitCode === EXIT.usage) throw error;
    const problems = [error.toProblem()];
    return {
      command: 'check',
      certkeep: request.toolVersion,
      exitCode: exitCodeOf(problems),
      cluster: '',
      certManager: '',
      verdict: 'unsound',
      certificates: [],
      problems,
    };
  }
}

/** What the request asks of somebody else's backup. */
export function foreignOptions(request: CheckAnyRequest): ForeignOptions {
  return {
    now: request.clock.now(),
    horizonMs: request.horizonMs,
    ...(request.clusterResourceNamespace === undefined
      ? {}
      : { clusterResourceNamespace: request.clusterResourceNamespace }),
    allowMissing: request.allowMissing ?? [],
  };
}

/** Somebody else's backup has no root digest: whoever asks for one means another path. */
function refuseOwnFlags({ expectRoot, paths }: CheckAnyRequest): void {
  if (expectRoot === undefined || expectRoot === '') return;
  throw new CertkeepError(
    'wrong-usage',
    `${paths.join(', ')} is no certkeep backup, so it has no root digest to expect.`,
    'Leave --expect-root out, or give the backup that certkeep made.',
  );
}
