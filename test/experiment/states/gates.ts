import type { Certificate } from '../../../src/model/objects.ts';
import { type Plan, requestOf, rfc3339 } from '../../truth/plan.ts';
import { about, all, HOUR, keeps, later, onCertificate, onObjects, onRequest, reissues, type State } from '../state.ts';

/** Something for the chain to find. */
const mismatch = (plan: Plan): void => {
  plan.spec.dnsNames = ['edited.example.com'];
};

const condition = (type: string, status: string, reason: string, message: string) =>
  onCertificate((certificate) => {
    const lastTransitionTime = rfc3339(Date.now() - HOUR);
    certificate.status = {
      ...certificate.status,
      conditions: [{ type, status, reason, message, lastTransitionTime, observedGeneration: 1 }],
    };
  });

/** Another Certificate with the same secretName; `age` in seconds relative to this one, positive: younger. */
const sibling = (name: string, age: number) =>
  onObjects((objects) => {
    const other = structuredClone(objects.certificate) as Certificate;
    other.metadata.name = name;
    other.metadata.uid = `uid-${name}`;
    delete other.status;
    other.metadata.creationTimestamp = rfc3339(
      Date.parse(objects.certificate.metadata.creationTimestamp ?? '') + age * 1000,
    );
    objects.siblings.push(other);
  });

/** An issuance failed so many hours ago, for the n-th time. */
const failed = (hoursAgo: number, attempts: number) =>
  all(
    condition('Issuing', 'False', 'Failed', 'The certificate request has failed to complete and will be retried'),
    onCertificate((certificate) => {
      const lastFailureTime = rfc3339(Date.now() - hoursAgo * HOUR);
      certificate.status = { ...certificate.status, lastFailureTime, failedIssuanceAttempts: attempts };
    }),
  );

/** A second request of a revision; `edit` changes the plan that it is made of. */
const anotherRequest =
  (name: string, revision: number, edit: (plan: Plan) => void = () => undefined) =>
  (plan: Plan) =>
    onObjects(async (objects) => {
      const own = { ...plan, requestSpec: structuredClone(plan.requestSpec), keys: { ...plan.keys } };
      edit(own);
      const request = await requestOf(own, revision);
      request.metadata.name = name;
      objects.requests.push(request);
    })(plan);

/** What stands before the chain, and which request is the current one. */
export const GATES: State[] = [
  ...about(
    'sound',
    keeps('sound', () => undefined),
  ),
  ...about(
    'gate issuing',
    reissues(
      'issuing-already',
      condition('Issuing', 'True', 'ManuallyTriggered', 'Certificate re-issuance manually triggered'),
    ),
    reissues('issuing-false-mismatch', all(condition('Issuing', 'False', 'Why', 'Because'), mismatch)),
    keeps('issuing-false-sound', condition('Issuing', 'False', 'Why', 'Because')),
  ),
  ...about(
    'gate not-owner',
    keeps(
      'shared-secret-of-older',
      all(sibling('older', -2), mismatch, (plan) => {
        delete plan.annotations['cert-manager.io/certificate-name'];
      }),
    ),
    reissues('shared-secret-of-older-annotated', all(sibling('older', -2), mismatch)),
    reissues(
      'shared-secret-of-younger',
      all(sibling('younger', 2), mismatch, (plan) => {
        delete plan.annotations['cert-manager.io/certificate-name'];
      }),
    ),
    keeps(
      'shared-secret-annotated-younger',
      all(sibling('younger', 2), mismatch, (plan) => {
        plan.annotations['cert-manager.io/certificate-name'] = 'younger';
      }),
    ),
  ),
  ...about(
    'gate duplicate-requests',
    keeps('two-requests-of-current-revision', all(mismatch, anotherRequest('web-again', 1))),
    keeps('two-requests-of-next-revision', all(mismatch, anotherRequest('web-2', 2), anotherRequest('web-again', 2))),
  ),
  ...about(
    'gate back-off',
    later('back-off-running', all(mismatch, failed(0.5, 1))),
    later('back-off-third-attempt', all(mismatch, failed(3, 3))),
    reissues('back-off-over', all(mismatch, failed(1.1, 1))),
    reissues('back-off-third-attempt-over', all(mismatch, failed(4.1, 3))),
    keeps('back-off-sound', failed(0.5, 1)),
    later(
      'back-off-request-fits',
      all(
        mismatch,
        failed(0.5, 1),
        anotherRequest('web-2', 2, (plan) => {
          plan.requestSpec.dnsNames = ['edited.example.com'];
        }),
      ),
    ),
    reissues('back-off-lifted-by-edit', all(mismatch, failed(0.5, 1), anotherRequest('web-2', 2))),
  ),
  ...about(
    'current request',
    keeps(
      'request-without-owner',
      all(
        (plan) => {
          plan.spec.isCA = true;
        },
        onRequest((request) => {
          delete request.metadata.ownerReferences;
        }),
      ),
    ),
    keeps(
      'request-of-dead-owner',
      all(
        (plan) => {
          plan.spec.isCA = true;
        },
        onRequest((request) => {
          const uid = '00000000-0000-4000-8000-000000000001';
          request.metadata.ownerReferences = [
            { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name: 'web', uid, controller: true },
          ];
        }),
      ),
    ),
    keeps(
      'request-owner-no-controller',
      all(
        (plan) => {
          plan.spec.isCA = true;
        },
        onRequest((request) => {
          for (const owner of request.metadata.ownerReferences ?? []) delete owner.controller;
        }),
      ),
    ),
    keeps(
      'revision-absent',
      all(
        (plan) => {
          plan.spec.isCA = true;
        },
        onCertificate((certificate) => {
          delete certificate.status?.revision;
        }),
      ),
    ),
    reissues(
      'request-beside-older',
      all(
        (plan) => {
          plan.spec.isCA = true;
          plan.status.revision = 2;
        },
        anotherRequest('web-1', 1),
      ),
    ),
  ),
];
