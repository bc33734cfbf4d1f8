import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, UpgradeReport } from '../../src/model/report.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { canary, until } from '../experiment/controller.ts';
import { FLEET_SIZE, issueFleet, reissuedBetween, type Traces, tracesOf } from '../experiment/fleet.ts';
import { predict } from '../experiment/predicted.ts';
import { writeResult } from '../support/results.ts';

/**
 * The upgrade forecast, held against upgrades of real controllers from 1.18.2 to 1.19.0, whose CRDs fill in kind and group
 * of an issuerRef: with the CRDs changed under the running old controller, and with the old controller stopped first.
 */

const FROM = '1.18.2';
const TO = '1.19.0';
// Only how fast the controllers write is not as by default.
const install = { values: { extraArgs: ['--kube-api-qps=100', '--kube-api-burst=200'] } };
const CHANGED = 'RequestChanged: Fields on existing CertificateRequest resource not up to date: [spec.issuerRef]';

/** What `npm run forecast` writes to test/results/forecast.json. */
const tables: Record<string, { certificate: string; predicted: string; observed: string; agree: boolean }[]> = {};

afterAll(() => {
  if (process.env.CERTKEEP_RESULTS === '1') writeResult('forecast', tables);
});

describe.each([
  ['CRDs changed under the running old controller', true],
  ['old controller stopped before the CRDs are changed', false],
])(`${FROM} to ${TO}, %s`, (title, underRunningController) => {
  let cluster: TestCluster;
  let report: Report;
  let upgrade: UpgradeReport;
  let before: Traces;

  beforeAll(async () => {
    cluster = await startCluster('forecast', { certManager: FROM, install });
    await issueFleet(cluster);
    await canary(cluster, 'canary-before');
    before = await tracesOf(cluster);
    report = await predict(cluster, '--cert-manager-version', TO, '--namespace', 'fleet');
    upgrade = report.forecast?.upgrade as UpgradeReport;
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  it('is forecast: some reissued in any order, some only so, some kept', () => {
    expect(FLEET_SIZE).toBeGreaterThanOrEqual(30);
    expect(report.certificates).toHaveLength(FLEET_SIZE);
    expect([upgrade.from, upgrade.to]).toEqual([FROM, TO]);
    expect(upgrade.reissued.length).toBeGreaterThanOrEqual(3);
    const hazardOf = (name: string) => report.certificates.find((one) => one.name === name)?.upgrade?.hazards;
    expect(hazardOf('empty-kind-1')).toContain('issuer-ref-empty');
    expect(hazardOf('bare-2')).toContain('issuer-ref-defaults');
    expect(hazardOf('full-1')).toEqual([]);
    expect(upgrade.reissuedIfCrdsFirst.length).toBeGreaterThanOrEqual(3);
    expect(FLEET_SIZE - upgrade.reissued.length - upgrade.reissuedIfCrdsFirst.length).toBeGreaterThanOrEqual(3);
  });

  it('reissues those that were forecast and no others', async () => {
    const predicted = [...upgrade.reissued, ...(underRunningController ? upgrade.reissuedIfCrdsFirst : [])].sort();
    const areIssuing = async () => {
      const { issuing } = await tracesOf(cluster);
      return predicted.every((key) => issuing.get(key) !== '');
    };
    await cluster.certManager(TO, {
      ...install,
      underRunningController,
      // As kubectl and Helm do it, one after the other. The moment between these two CRDs is when the old controller sees
      // defaults in the requests and none in the Certificates; it is held until the controller has written what it
      // decided, so that the outcome does not hang on how long the moment is.
      ...(underRunningController
        ? {
            afterCrd: async (name: string) => {
              if (name.startsWith('certificaterequests.'))
                await until('the old controller has decided', 150, areIssuing);
            },
          }
        : {}),
    });
    await canary(cluster, 'canary-1');
    await until('the forecast ones are issuing', 90, areIssuing).catch(() => undefined);
    await canary(cluster, 'canary-2');
    const after = await tracesOf(cluster);
    const observed = reissuedBetween(before, after);
    tables[title] = [...before.issuing.keys()].sort().map((certificate) => {
      const [said, done] = [predicted, observed].map((those) => (those.includes(certificate) ? 'reissued' : 'kept'));
      return { certificate, predicted: said ?? '', observed: done ?? '', agree: said === done };
    });
    console.log(printTable(title));
    expect(observed).toEqual(predicted);
    expect(new Set(observed.map((key) => after.issuing.get(key)))).toEqual(new Set([CHANGED]));
    const kept = [...before.leaves].filter(([secret]) => !observed.includes(`fleet/${secret.replace(/-tls$/, '')}`));
    for (const [secret, leaf] of kept) expect(after.leaves.get(secret), secret).toBe(leaf);
  });
});

function printTable(title: string): string {
  const rows = tables[title] ?? [];
  const row = (...cells: string[]) => cells.map((cell) => cell.padEnd(26)).join('');
  return [
    `${FROM} to ${TO}, ${title}`,
    row('certificate', 'predicted', 'observed', 'agree'),
    ...rows.map((line) => row(line.certificate, line.predicted, line.observed, line.agree ? 'yes' : 'NO')),
    `${rows.filter(({ agree }) => agree).length} of ${rows.length} agree, ${rows.filter(({ observed }) => observed === 'reissued').length} reissued`,
  ].join('\n');
}
