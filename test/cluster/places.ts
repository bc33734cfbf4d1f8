import { existsSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the test cluster keeps what outlives a run: built programs and the clusters of `cluster up`. */
export function cacheDirectory(): string {
  const root =
    process.env.CERTKEEP_TEST_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'certkeep-test');
  mkdirSync(root, { recursive: true });
  return root;
}

/** Directory of the cluster that `cluster up NAME` makes. */
export function namedClusterDirectory(name: string): string {
  return join(cacheDirectory(), 'clusters', checkedName(name));
}

/** Prefix of the directories of clusters that live only as long as the process that started them. */
export function temporaryClusterPrefix(): string {
  return join(tmpdir(), 'certkeep-test-');
}

/** Directory of a Go module of the test cluster: `controlplane`, `certmanager`, `pebble` or `tools`. */
export function goModule(name: string): string {
  const directory = join(import.meta.dirname, 'go', name);
  if (!existsSync(directory)) throw new Error(`no Go module ${directory}`);
  return directory;
}

/** A cluster's name becomes a directory and a kubeconfig context. Throws on anything but a-z, 0-9 and dashes. */
export function checkedName(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) {
    throw new Error(`"${name}" is no cluster name: use up to 41 letters a-z, digits and dashes`);
  }
  return name;
}
