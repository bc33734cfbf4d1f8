import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { compareStates, type Line, printLines } from '../experiment/agreement.ts';
import { observeDecisions, restarts, startController, stopController, until } from '../experiment/controller.ts';
import { placeStates } from '../experiment/place.ts';
import { type Predicted, predict, predictions } from '../experiment/predicted.ts';
import type { State } from '../experiment/state.ts';
import { statesOf } from '../experiment/states/index.ts';
import { FATAL } from '../experiment/states/renewal.ts';
import { writeResult } from '../support/results.ts';
import { Maker } from '../truth/run.ts';

/**
 * The second proof of the prediction, on the real controller: many states of a Certificate are set up while it is
 * stopped, certkeep says what it will do, it is started, and its Issuing conditions and events are compared with that.
 */

const VERSIONS = ['1.21.2', '1.18.2'] as const;
/** What `npm run decisions` writes to test/results/decisions.json. */
const figures: Record<string, { states: number; agree: number; lines: Line[] }> = {};

afterAll(() => {
  if (process.env.CERTKEEP_RESULTS === '1') writeResult('decisions', figures);
});

describe.each(VERSIONS)('cert-manager %s', (version) => {
  const states: State[] = statesOf(version);
  let cluster: TestCluster;
  let predicted: Map<string, Predicted>;

  beforeAll(async () => {
    // Only how fast the controller writes is not as by default.
    const values = { extraArgs: ['--kube-api-qps=500', '--kube-api-burst=1000'] };
    cluster = await startCluster('decisions', { certManager: version, install: { values } });
    await stopController(cluster);
    await place(states);
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  async function place(some: readonly State[]): Promise<void> {
    const maker = await Maker.start();
    await placeStates(cluster, some, maker, new Date());
    maker.stop();
  }

  it('is predicted in states of every policy and gate', async () => {
    expect(states.length).toBeGreaterThanOrEqual(40);
    const report = await predict(cluster);
    expect(report.certManager).toBe(`v${version}`);
    predicted = predictions(report);
    const outcomes = states.map(({ name }) => [name, predicted.get(`${name}/web`)?.outcome]);
    expect(outcomes).toEqual(states.map(({ name, outcome }) => [name, outcome]));
  });

  it('decides as predicted, with the same words', async () => {
    await startController(cluster);
    const namesOf = (some: State[]) => some.map(({ name }) => `${name}/web`);
    const begun = namesOf(states.filter(({ outcome, name }) => outcome === 'reissue' && name !== 'issuing-already'));
    const unready = namesOf(states.filter(({ about }) => about === 'gate duplicate-requests'));
    const observed = await observeDecisions(cluster, begun, unready);
    const lines = compareStates(states, predicted, observed);
    figures[version] = { states: lines.length, agree: lines.filter(({ agree }) => agree).length, lines };
    console.log(printLines(`cert-manager ${version}: predicted, then observed on the real controller`, lines));
    expect(lines.filter(({ agree }) => !agree)).toEqual([]);
  });

  if (version === '1.21.2')
    it('crashes on a renewal window of no length, and nothing is said of what it decides', async () => {
      await stopController(cluster);
      await place([FATAL]);
      const said = predictions(await predict(cluster, '--namespace', FATAL.name)).get(`${FATAL.name}/web`);
      expect(said?.outcome).toBe('undecidable');
      expect(said?.message).toContain('cert-manager crashes');
      await startController(cluster);
      await until('the controller crashes', 30, async () => (await restarts(cluster)) > 0);
    });
});
