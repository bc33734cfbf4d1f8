import type { Certificate, KubeObject } from '../../../src/model/objects.ts';
import type { ShimFlags } from '../../../src/reissue/shim/flags.ts';

/** One maker, the Certificates in place, and the controller's settings. */
export interface ShimCase {
  id: string;
  flags: ShimFlags;
  maker: KubeObject;
  /** The Gateway that a ListenerSet belongs to. */
  gateway: KubeObject | null;
  certificates: Certificate[];
}

export interface Action {
  verb: 'create' | 'update' | 'delete';
  name: string;
  certificate?: Certificate;
}

/** What cert-manager's shim does with a case; see test/truth/go/shim/main.go. */
export interface ShimVerdict {
  id: string;
  actions: Action[];
  events: string[];
  error?: string;
  panic?: string;
  unknown?: boolean;
}
