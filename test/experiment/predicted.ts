import { expect } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import type { TestCluster } from '../cluster/api.ts';
import { certkeep } from '../support/bundle.ts';

/** What `certkeep predict` says of one Certificate. */
export interface Predicted {
  outcome: 'keep' | 'reissue' | 'later' | 'undecidable';
  /** cert-manager's own words. */
  reason: string;
  message: string;
}

/** The report of `certkeep predict` on a running cluster, which exits with 0 whatever it finds. */
export async function predict(cluster: TestCluster, ...args: string[]): Promise<Report> {
  const result = await certkeep(['predict', '--kubeconfig', cluster.kubeconfig, '--json', ...args]);
  expect(result.code, result.stderr).toBe(0);
  return JSON.parse(result.stdout) as Report;
}

/** By `namespace/name`. */
export function predictions({ certificates, forecast }: Report): Map<string, Predicted> {
  const now = forecast?.now ?? '';
  return new Map(
    certificates.map(({ namespace, name, prediction = 'undecidable', reason = '', message = '', at = null }) => {
      const isLater = prediction === 'reissue' && at !== null && at > now;
      return [`${namespace}/${name}`, { outcome: isLater ? 'later' : prediction, reason, message }];
    }),
  );
}
