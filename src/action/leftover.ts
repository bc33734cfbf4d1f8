import * as core from '@actions/core';
import { connect } from '../cluster/connect.ts';
import { systemClock } from '../model/progress.ts';
import { CERTKEEP_VERSION } from '../model/version.ts';
import { resume } from '../restore/resume.ts';
import { logLine } from './escape.ts';
import { loadInputs } from './inputs.ts';
import { resolveKubeconfig } from './kubeconfig.ts';
import { stepLog } from './log.ts';

/**
 * Starts the controller that a main step had paused when it was cancelled or died. Certificates that would be reissued do
 * not hold it back: a stopped controller renews nothing, and nobody would know.
 */
export async function resumeLeftover(holder: string, env: Record<string, string | undefined>): Promise<void> {
  const inputs = loadInputs(env);
  const log = stepLog({ names: false, verbose: inputs.verbose });
  const cluster = await connect({
    ...resolveKubeconfig(inputs.kubeconfig, core.setSecret),
    ...(inputs.context === '' ? {} : { context: inputs.context }),
    env,
  });
  try {
    const report = await resume({
      cluster,
      ...(inputs.certManagerNamespace === '' ? {} : { certManagerNamespace: inputs.certManagerNamespace }),
      heldBy: holder,
      force: true,
      clock: systemClock,
      progress: log,
      toolVersion: CERTKEEP_VERSION,
    });
    if (report.exitCode === 0) core.info("cert-manager's controller, which the restore had paused, is started again.");
    else core.error(logLine(report.problems.map((p) => `${p.message} ${p.fix}`).join(' ')));
  } finally {
    await cluster.close();
  }
}
