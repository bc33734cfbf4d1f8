import * as core from '@actions/core';
import { logLine } from './escape.ts';
import { HOLD_STATE } from './hold-state.ts';
import { removeWorkspace, WORKSPACE_STATE } from './workspace.ts';

/**
 * Entry of the Action's post step: starts a controller that a restore left paused, and removes what was written,
 * downloaded and unsealed. It never fails the job.
 */
const holder = core.getState(HOLD_STATE);
if (holder !== '') {
  try {
    // Loaded here: a post step without work must cost nothing.
    const { resumeLeftover } = await import(/* webpackMode: "eager" */ './leftover.ts');
    await resumeLeftover(holder, process.env);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    core.error(
      logLine(`The restore was cut off, and cert-manager's controller may be stopped: ${reason} Run certkeep resume.`),
    );
  }
}
try {
  if (removeWorkspace(core.getState(WORKSPACE_STATE), process.env)) {
    core.info("Removed certkeep's temporary files.");
  }
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  core.warning(logLine(`certkeep's temporary files could not be removed, and may hold a backup: ${reason}`));
}
