import { describe, expect, it } from 'vitest';
import type { KubeObject, ManagedFieldsEntry } from '../model/objects.ts';
import { createdByApply, owns, writeMethod } from './managers.ts';

const secret: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'web-tls', namespace: 'app', labels: { 'controller.cert-manager.io/fao': 'true' } },
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': 'YQ==', 'tls.key': 'Yg==' },
};
const all = {
  'f:metadata': { 'f:labels': { 'f:controller.cert-manager.io/fao': {} } },
  'f:data': { '.': {}, 'f:tls.crt': {}, 'f:tls.key': {} },
  'f:type': {},
};
const entry = (manager: string, operation: string, fieldsV1: unknown = all): ManagedFieldsEntry => ({
  manager,
  operation,
  fieldsV1,
});

describe('writeMethod', () => {
  it('applies under the only manager that applied it', () => {
    expect(writeMethod(secret, [entry('cert-manager-certificates-issuing', 'Apply')], false)).toEqual({
      how: 'apply',
      manager: 'cert-manager-certificates-issuing',
    });
  });

  it('posts under the only manager that updated it', () => {
    const managers = [entry('kubectl-client-side-apply', 'Update')];
    expect(writeMethod(secret, managers, false)).toEqual({ how: 'create', manager: 'kubectl-client-side-apply' });
  });

  it('gives several managers back as they were', () => {
    const managers = [entry('cert-manager-certificates-issuing', 'Apply'), entry('kubectl', 'Update')];
    expect(writeMethod(secret, managers, false)).toEqual({
      how: 'create-then-own',
      manager: 'certkeep',
      managedFields: managers,
    });
  });

  it('never gives a manager fields that it did not own', () => {
    const managers = [entry('cert-manager-certificates-issuing', 'Apply', { ...all, 'f:data': { 'f:tls.crt': {} } })];
    expect(writeMethod(secret, managers, false).how).toBe('create-then-own');
  });

  it('makes a contended object by a call that cannot overwrite', () => {
    const managers = [entry('cert-manager-certificates-issuing', 'Apply')];
    expect(writeMethod(secret, managers, true).how).toBe('create-then-own');
  });

  it('posts under certkeep where nothing is known', () => {
    expect(writeMethod(secret, [], false)).toEqual({ how: 'create', manager: 'certkeep' });
  });

  it('drops owner references from the entries, and entries that had nothing else', () => {
    const owner = { 'f:ownerReferences': { '.': {}, 'k:{"uid":"dead"}': {} } };
    const issuing = entry('cert-manager-certificates-issuing', 'Apply', {
      ...all,
      'f:metadata': { ...all['f:metadata'], ...owner },
    });
    const patched = entry('kubectl-patch', 'Update', { 'f:metadata': owner });
    expect(writeMethod(secret, [issuing, patched], false).how).toBe('apply');
    const method = writeMethod(secret, [issuing, entry('kubectl', 'Update')], false);
    expect(JSON.stringify(method)).not.toContain('ownerReferences');
    expect(method).toMatchObject({
      how: 'create-then-own',
      managedFields: [{ fieldsV1: all }, { manager: 'kubectl' }],
    });
  });

  it('does not count entries of subresources', () => {
    const status = { ...entry('cert-manager-certificates-readiness', 'Update'), subresource: 'status' };
    expect(writeMethod(secret, [entry('helm', 'Update'), status], false)).toEqual({ how: 'create', manager: 'helm' });
  });
});

describe('owns', () => {
  it('takes a field without keys below for owned as a whole', () => {
    expect(owns({ 'f:spec': {} }, { spec: { a: { b: 1 } } })).toBe(true);
  });

  it('misses a field at any depth', () => {
    const fields = { 'f:spec': { 'f:issuerRef': { 'f:name': {} } } };
    expect(owns(fields, { spec: { issuerRef: { name: 'ca' } } })).toBe(true);
    expect(owns(fields, { spec: { issuerRef: { name: 'ca', kind: 'Issuer' } } })).toBe(false);
    expect(owns(fields, { spec: { secretName: 'x' } })).toBe(false);
  });

  it('does not look into lists', () => {
    expect(owns({ 'f:list': { 'v:"a"': {} } }, { list: ['a', 'b'] })).toBe(true);
  });

  it('owns nothing without fields', () => {
    expect(owns(undefined, {})).toBe(false);
  });
});

describe('createdByApply', () => {
  const answer = (created: string, ...managedFields: ManagedFieldsEntry[]): KubeObject => ({
    ...secret,
    metadata: { ...secret.metadata, creationTimestamp: created, managedFields },
  });
  const mine = { ...entry('m', 'Apply'), time: '2026-01-01T00:00:05Z' };

  it('knows its own creation', () => {
    expect(createdByApply(answer('2026-01-01T00:00:05Z', mine), 'm')).toBe(true);
    expect(createdByApply(answer('2026-01-01T00:00:09Z', mine), 'm')).toBe(true);
  });

  it('knows an object that was there before', () => {
    expect(createdByApply(answer('2026-01-01T00:00:04Z', mine), 'm')).toBe(false);
    expect(createdByApply(answer('2026-01-01T00:00:05Z', mine, entry('other', 'Update')), 'm')).toBe(false);
    expect(createdByApply(answer('2026-01-01T00:00:05Z', entry('m', 'Update')), 'm')).toBe(false);
  });
});
