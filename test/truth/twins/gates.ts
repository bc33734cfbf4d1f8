import type { Certificate } from '../../../src/model/objects.ts';
import { type Plan, requestOf, rfc3339 } from '../plan.ts';
import { type Twin, twin } from './twin.ts';

const HOUR = 3_600_000;

function withConditions(name: string, ...conditions: [string, string][]): Twin {
  return twin(name, (plan) => {
    plan.status.conditions = conditions.map(([type, status]) => ({
      type,
      status,
      reason: 'Why',
      message: 'Because',
      lastTransitionTime: plan.template.notBefore,
    }));
    mismatch(plan);
  });
}

/** Something for the chain to find, mostly. */
function mismatch(plan: Plan): void {
  if (plan.random.chance(0.75)) plan.annotations['cert-manager.io/issuer-name'] = 'elsewhere';
}

/** Other Certificates with the same secretName, each with an age relative to this one in seconds. */
function siblings(plan: Plan, others: [string, number | null][]): void {
  const created = Date.parse(plan.template.notBefore);
  plan.editObjects.push((objects) => {
    for (const [name, age] of others) {
      const sibling = structuredClone(objects.certificate) as Certificate;
      sibling.metadata.name = name;
      sibling.metadata.uid = `uid-${name}`;
      if (age === null) delete sibling.metadata.creationTimestamp;
      else sibling.metadata.creationTimestamp = rfc3339(created + age * 1000);
      objects.siblings.push(sibling);
    }
  });
}

const shared = (name: string, others: [string, number | null][], annotated?: string | null): Twin[] =>
  [undefined, annotated].slice(0, annotated === undefined ? 1 : 2).map((annotation) =>
    twin(`shared-${name}${annotation === undefined ? '' : `-annotated-${annotation ?? 'none'}`}`, (plan) => {
      if (annotation === null) delete plan.annotations['cert-manager.io/certificate-name'];
      else if (annotation !== undefined) plan.annotations['cert-manager.io/certificate-name'] = annotation;
      siblings(plan, others);
      mismatch(plan);
    }),
  );

const backOff = (
  name: string,
  attempts: number | undefined | null,
  hours: number,
  change: (plan: Plan) => void = () => {},
): Twin =>
  twin(`back-off-${name}`, (plan) => {
    const moment = plan.now;
    plan.status.lastFailureTime = rfc3339(Math.floor(moment / 1000) * 1000);
    if (attempts !== undefined) (plan.status as { failedIssuanceAttempts: unknown }).failedIssuanceAttempts = attempts;
    plan.now =
      Date.parse(plan.status.lastFailureTime) + hours * HOUR + plan.random.pick([-HOUR / 2, -1000, -1, 0, 1, 1000]);
    mismatch(plan);
    change(plan);
  });

/** A request of the next revision, which failed. */
const nextRequest = (plan: Plan, edit: (plan: Plan) => void): void => {
  plan.editObjects.push(async (objects) => {
    const changed = {
      ...plan,
      requestSpec: structuredClone(plan.requestSpec),
      requestFields: structuredClone(plan.requestFields),
      keys: { ...plan.keys },
    };
    edit(changed);
    objects.requests.push(await requestOf(changed, (plan.status.revision ?? 0) + 1));
  });
};

export const GATES: Twin[] = [
  withConditions('issuing', ['Issuing', 'True']),
  withConditions('issuing-false', ['Issuing', 'False']),
  withConditions('issuing-unknown', ['Issuing', 'Unknown']),
  withConditions('ready-true', ['Ready', 'True']),
  withConditions('ready-false', ['Ready', 'False'], ['Issuing', 'False']),
  twin('deleting', (plan) => {
    plan.editObjects.push(({ certificate }) => {
      certificate.metadata.deletionTimestamp = plan.template.notBefore;
    });
    mismatch(plan);
  }),
  ...shared('younger', [['other', 60]], 'other'),
  ...shared('older', [['other', -60]], null),
  ...shared('same-second-later-name', [['z', 0]], null),
  ...shared('same-second-earlier-name', [['a', 0]], null),
  ...shared('upper-case-name', [['Z', 0]], null),
  ...shared(
    'three',
    [
      ['a', 10],
      ['b', -10],
      ['c', 0],
    ],
    'c',
  ),
  ...shared('without-creation', [['z', null]], null),
  ...shared('annotation-of-none', [['a', -10]], 'gone'),
  twin('shared-no-secret', (plan) => {
    siblings(plan, [['a', plan.random.pick([-10, 0, 10])]]);
    plan.editObjects.push((objects) => {
      objects.secret = null;
    });
  }),
  twin('sibling-of-other-secret', (plan) => {
    siblings(plan, [['a', -10]]);
    plan.editObjects.push(({ siblings: [sibling] }) => {
      (sibling as Certificate).spec.secretName = 'elsewhere';
    });
    mismatch(plan);
  }),
  twin('two-current-requests', (plan) => {
    plan.withRequest = true;
    plan.editObjects.push(async (objects) => {
      const second = await requestOf(plan, plan.status.revision ?? 1);
      second.metadata.name = 'web-again';
      objects.requests.push(second);
    });
    mismatch(plan);
  }),
  twin('two-next-requests', (plan) => {
    plan.editObjects.push(async (objects) => {
      const first = await requestOf(plan, (plan.status.revision ?? 0) + 1);
      const second = structuredClone(first);
      second.metadata.name = 'web-again';
      objects.requests.push(first, second);
      if (plan.random.chance(0.3)) delete objects.certificate.status?.revision;
    });
    mismatch(plan);
  }),
  backOff('no-attempts', undefined, 1),
  backOff('null-attempts', null, 1),
  ...[0, -1, -100, 1, 2, 3, 4, 5, 6, 7, 8, 60, 64, 100, 2000].map((attempts) =>
    backOff(`attempts-${attempts}`, attempts, attempts <= 0 ? 1 : Math.min(32, 2 ** (attempts - 1))),
  ),
  backOff('next-request-fits', 2, 2, (plan) => nextRequest(plan, () => {})),
  backOff('next-request-differs', 2, 2, (plan) =>
    nextRequest(plan, (changed) => {
      changed.requestFields.isCA = !changed.requestFields.isCA;
    }),
  ),
  backOff('next-request-other-key', 2, 2, (plan) =>
    nextRequest(plan, (changed) => {
      changed.keys.request = 'p256-4';
    }),
  ),
  backOff('next-request-garbage', 2, 2, (plan) =>
    nextRequest(plan, (changed) => {
      changed.editRequest = () => 'garbage';
    }),
  ),
  backOff('failure-in-the-future', 2, -5),
  backOff('due-only', 3, 4, (plan) => {
    plan.annotations['cert-manager.io/issuer-name'] = plan.spec.issuerRef.name;
    plan.now = Math.max(plan.now, Date.parse(plan.template.notAfter));
    plan.status.lastFailureTime = rfc3339(Math.floor(plan.now / 1000) * 1000 - plan.random.integer(0, 5) * HOUR);
  }),
];
