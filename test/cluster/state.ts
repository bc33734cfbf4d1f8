import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from './build.ts';

/** What the supervisor of a cluster is told: DIR/cluster.json. */
export interface ClusterSpec {
  name: string;
  binaries: Binaries;
  ports: { etcd: number; etcdPeer: number; apiServer: number; webhook: number };
  /** Further flags of the API server. */
  apiServerFlags?: string[];
}

/** What the supervisor tells: DIR/state.json. */
export interface ClusterState {
  phase: 'starting' | 'ready' | 'failed';
  /** The supervisor's process id. */
  pid: number;
  server: string;
  /** Why it failed. */
  message?: string;
  /** cert-manager's processes. */
  pods: PodProcess[];
}

/** A process that stands for the container of a Pod. */
export interface PodProcess {
  name: string;
  namespace: string;
  deployment: string;
  /** 'controller', 'webhook' or 'cainjector'. */
  component: string;
  version: string;
  pid: number;
  log: string;
  /** Port of 127.0.0.1 that answers /metrics. */
  metricsPort: number;
}

export function readSpec(directory: string): ClusterSpec {
  return JSON.parse(readFileSync(join(directory, 'cluster.json'), 'utf8')) as ClusterSpec;
}

export function writeSpec(directory: string, spec: ClusterSpec): void {
  replace(join(directory, 'cluster.json'), spec);
}

/** The state; undefined when there is none (yet). */
export function readState(directory: string): ClusterState | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')) as ClusterState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function writeState(directory: string, state: ClusterState): void {
  replace(join(directory, 'state.json'), state);
}

function replace(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value, null, 2));
  renameSync(`${path}.new`, path);
}
