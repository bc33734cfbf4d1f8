import type { Certificate, CertificateRequest, Secret } from '../../src/model/objects.ts';
import { decide } from '../../src/reissue/decide.ts';
import { reissueInputs } from '../../src/reissue/state.ts';
import type { TestCluster } from '../cluster/api.ts';

/** What certkeep says of one Certificate. */
export interface Predicted {
  outcome: 'keep' | 'reissue' | 'later' | 'undecidable';
  reason: string;
  message: string;
}

/** By `namespace/name`. */
export async function predict(cluster: TestCluster, version: string): Promise<Map<string, Predicted>> {
  const list = async <T>(path: string): Promise<T[]> => (await cluster.api.call<{ items: T[] }>('GET', path)).items;
  const [certificates, secrets, requests] = await Promise.all([
    list<Certificate>('/apis/cert-manager.io/v1/certificates'),
    list<Secret>('/api/v1/secrets'),
    list<CertificateRequest>('/apis/cert-manager.io/v1/certificaterequests'),
  ]);
  const now = new Date();
  return new Map(
    reissueInputs(certificates, secrets, requests).map((input) => {
      const { outcome, reason, message, gate } = decide(input, { now, version });
      const { namespace, name } = input.certificate.metadata;
      const waits = gate === 'back-off' && outcome === 'reissue';
      return [`${namespace}/${name}`, { outcome: waits ? 'later' : outcome, reason, message }];
    }),
  );
}
