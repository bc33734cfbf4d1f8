import * as core from '@actions/core';
import { logLine } from './escape.ts';
import { removeWorkspace, WORKSPACE_STATE } from './workspace.ts';

/** Entry of the Action's post step: removes what was written, downloaded and unsealed. It never fails the job. */
try {
  if (removeWorkspace(core.getState(WORKSPACE_STATE), process.env)) {
    core.info("Removed certkeep's temporary files.");
  }
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  core.warning(logLine(`certkeep's temporary files could not be removed, and may hold a backup: ${reason}`));
}
