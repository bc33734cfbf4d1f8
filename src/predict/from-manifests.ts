import { faultProblem } from '../archive/manifests/fault.ts';
import { type ManifestObject, manifestSources, readManifests } from '../archive/manifests/read.ts';
import { CERT_MANAGER_GROUP, groupOf } from '../model/kinds.ts';
import { type Certificate, type CertificateRequest, type Issuer, objectName, type Secret } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import { controllerFlags as readFlags } from '../reissue/flags.ts';
import { wrongCertificate, wrongRequest, wrongSecret } from '../reissue/shape.ts';
import { controllerFlags, controllerVersion, keepForPrediction, notBase64 } from './keep.ts';
import type { FileSource } from './request.ts';
import { emptyState, nameOf, type PredictState } from './state.ts';

/** Where kubectl puts an object that names no namespace, unless the context says otherwise. */
const DEFAULT_NAMESPACE = 'default';
const CLUSTER_SCOPED: readonly string[] = ['ClusterIssuer', 'GatewayClass', 'IngressClass'];
/** Faults of one sort that are listed one by one. */
const LISTED = 50;

/**
 * The state that plain manifests describe. One that is malformed becomes a problem with file and line, and makes nothing
 * undecidable but the Certificates that it bears on.
 * @throws CertkeepError wrong-usage where a path cannot be read.
 */
export async function fromManifests(source: FileSource): Promise<PredictState> {
  const state = emptyState('the manifests');
  const found = await readManifests(await manifestSources(source.paths, source.stdin), { keep: keepForPrediction });
  state.problems.push(...found.problems);
  if (!found.complete) state.partial = 'a part of the files could not be read';
  const adder = new Adder(state);
  for (const item of found.objects) adder.add(item);
  adder.finish();
  state.problems.push(...leftOut(state));
  return state;
}

/** What was most likely not exported: it decides, and there is nothing of it at all. */
function leftOut(state: PredictState): Problem[] {
  const issued = state.certificates.filter(({ status }) => typeof status?.revision === 'number');
  if (issued.length === 0) return [];
  const missing = [
    ...(state.secrets.length === 0 ? ['Secrets'] : []),
    ...(state.requests.length === 0 ? ['CertificateRequests'] : []),
  ];
  if (missing.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'undecidable',
      message: `${issued.length} of the Certificates were issued, but there are no ${missing.join(' and no ')} in the manifests. They were judged as if none existed, which is right only if that is so.`,
      fix: 'Export all that decides: kubectl get certificates,certificaterequests,secrets,issuers,clusterissuers -A -o json',
    },
  ];
}

class Adder {
  readonly #state: PredictState;
  readonly #places = new Map<string, ManifestObject>();
  readonly #faults: Problem[] = [];

  constructor(state: PredictState) {
    this.#state = state;
  }

  add(item: ManifestObject): void {
    const { object } = item;
    if (!CLUSTER_SCOPED.includes(object.kind) && !object.metadata.namespace) {
      object.metadata = { ...object.metadata, namespace: DEFAULT_NAMESPACE };
    }
    const version = controllerVersion(object);
    if (version !== '') {
      this.#state.version = version;
      this.#state.controllerFlags = controllerFlags(object);
      this.#state.facts = { flags: readFlags(this.#state.controllerFlags.flags) };
      return;
    }
    const key = `${groupOf(object.apiVersion)}/${objectName(object)}`;
    const before = this.#places.get(key);
    if (before !== undefined) {
      this.#duplicate(item, before);
      return;
    }
    this.#places.set(key, item);
    this.#sort(item);
  }

  finish(): void {
    const { problems } = this.#state;
    problems.push(...this.#faults.slice(0, LISTED));
    const more = this.#faults.length - LISTED;
    if (more > 0) {
      problems.push({
        severity: 'error',
        code: 'bad-manifest',
        message: `${more} more objects are malformed.`,
        fix: 'Correct those above first.',
      });
    }
  }

  #sort(item: ManifestObject): void {
    const { object } = item;
    const state = this.#state;
    if (object.kind === 'Secret') {
      const bad = notBase64(object);
      const wrong = bad === undefined ? wrongSecret(object as Secret) : `its data ${shown(bad)} is not base64`;
      if (wrong !== undefined) {
        state.brokenSecrets.set(nameOf(object), `Secret ${object.metadata.name}: ${wrong.replace(/^Secret: /, '')}`);
        this.#fault(item, wrong, 'Values under data are base64; plain text belongs under stringData.');
      }
      state.secrets.push(object as Secret);
      return;
    }
    if (groupOf(object.apiVersion) !== CERT_MANAGER_GROUP) {
      state.makers.push(object);
      return;
    }
    if (object.apiVersion !== `${CERT_MANAGER_GROUP}/v1`) {
      this.#fault(
        item,
        `${object.apiVersion} has not been served since cert-manager 1.6`,
        'Convert it: cmctl convert.',
      );
      if (object.kind === 'Certificate') state.broken.set(nameOf(object), `it is of ${object.apiVersion}`);
    }
    if (object.kind === 'Certificate') this.#certificate(item);
    else if (object.kind === 'CertificateRequest') this.#request(item);
    else if (object.kind === 'Issuer' || object.kind === 'ClusterIssuer') state.issuers.push(object as Issuer);
  }

  #certificate(item: ManifestObject): void {
    const certificate = item.object as Certificate;
    const wrong = wrongCertificate(certificate);
    if (wrong !== undefined) {
      this.#state.broken.set(nameOf(certificate), wrong);
      this.#fault(item, wrong, 'Write it as cert-manager.io/v1 wants it; `kubectl explain certificate.spec` says how.');
    }
    this.#state.certificates.push(certificate);
  }

  #request(item: ManifestObject): void {
    const wrong = wrongRequest(item.object as CertificateRequest);
    if (wrong !== undefined) this.#fault(item, wrong.replace(/^CertificateRequest: /, ''), 'Export it anew.');
    this.#state.requests.push(item.object as CertificateRequest);
  }

  /** kubectl would apply both, the later one last. Which of them is meant cannot be told where they differ. */
  #duplicate(item: ManifestObject, before: ManifestObject): void {
    if (JSON.stringify(item.object) === JSON.stringify(before.object)) return;
    const name = nameOf(item.object);
    const why = `it stands twice: ${before.file} line ${before.line} and ${item.file} line ${item.line}`;
    if (item.object.kind === 'Certificate') this.#state.broken.set(name, why);
    if (item.object.kind === 'Secret')
      this.#state.brokenSecrets.set(name, `Secret ${item.object.metadata.name}: ${why}`);
    this.#fault(item, `it stands in ${before.file} line ${before.line} already, and differs`, 'Keep one of the two.');
  }

  #fault({ object, file, line }: ManifestObject, what: string, fix: string): void {
    const problem = faultProblem(file, { line, what, fix });
    this.#faults.push({ ...problem, object: objectName(object) });
  }
}

const shown = (key: string): string => key.slice(0, 60).replace(/[^\x20-\x7e]/g, '?');
