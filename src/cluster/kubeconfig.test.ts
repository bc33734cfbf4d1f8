import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CertkeepError } from '../model/problems.ts';
import { connect } from './connect.ts';
import { explainApiError } from './errors.ts';
import { loadKubeconfig } from './kubeconfig.ts';
import { proxyFromEnvironment } from './proxy.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'certkeep-kubeconfig-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const config = (names: string[], user: Record<string, unknown> = { token: 'SECRET-TOKEN' }): string =>
  JSON.stringify({
    clusters: names.map((n) => ({ name: n, cluster: { server: `https://${n}.example:6443/base/` } })),
    users: names.map((n) => ({ name: n, user })),
    contexts: names.map((n) => ({ name: n, context: { cluster: n, user: n } })),
    'current-context': names[0],
  });

async function failure(options: Parameters<typeof connect>[0]): Promise<CertkeepError> {
  const error = await connect(options).then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(CertkeepError);
  const told = error as CertkeepError;
  expect(told.code).toBe('bad-kubeconfig');
  expect(`${told.message} ${told.fix} ${String(told.cause)}`).not.toContain('SECRET');
  return told;
}

describe('a bad kubeconfig', () => {
  it('that does not exist', async () => {
    const error = await failure({ kubeconfigPath: '/nowhere/config', env: {} });
    expect(error.message).toBe('The kubeconfig /nowhere/config does not exist.');
  });
  it('of which there is none', async () => {
    expect((await failure({ env: { HOME: directory } })).message).toContain('There is no kubeconfig');
  });
  it('without the context asked for: the known ones are listed', async () => {
    const error = await failure({ kubeconfigText: config(['one', 'two']), context: 'three', env: {} });
    expect(error.message).toContain('no context "three"');
    expect(error.fix).toContain('one, two');
  });
  it('that is no YAML: the line is told, the text is not', async () => {
    const error = await failure({ kubeconfigText: 'users:\n- token: SECRET-TOKEN\n  x: [', env: {} });
    expect(error.message).toMatch(/not YAML: the fault is near line \d/);
  });
  it('that is empty, or no configuration', async () => {
    expect((await failure({ kubeconfigText: '\n', env: {} })).message).toContain('is empty');
    expect((await failure({ kubeconfigText: 'SECRET', env: {} })).message).toContain('holds no configuration');
  });
  it('with a damaged entry', async () => {
    const text = '{"clusters":[{"cluster":{"server":"https://SECRET"}}],"current-context":"x"}';
    expect((await failure({ kubeconfigText: text, env: {} })).message).toContain('clusters[0].name is missing');
  });
  it('that names files that do not exist', async () => {
    const error = await failure({
      kubeconfigText: config(['one'], { 'client-certificate': '/nowhere/c.pem' }),
      env: {},
    });
    expect(error.message).toContain('/nowhere/c.pem');
  });
  it('whose plugin is not installed, or prints no credential', async () => {
    const plugin = (command: string, args: string[]) =>
      config(['one'], { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, args } });
    expect((await failure({ kubeconfigText: plugin('no-such-plugin', []), env: process.env })).message).toContain(
      'not installed',
    );
    expect((await failure({ kubeconfigText: plugin('echo', ['SECRET']), env: process.env })).message).toContain(
      'failed',
    );
  });
});

describe('loadKubeconfig', () => {
  it('merges the files of KUBECONFIG, the first entry of a name wins', () => {
    const a = path.join(directory, 'a');
    const b = path.join(directory, 'b');
    writeFileSync(a, config(['one']));
    writeFileSync(b, config(['one', 'two']).replace('one.example', 'other.example'));
    const env = { KUBECONFIG: [path.join(directory, 'missing'), a, b].join(path.delimiter) };
    expect(loadKubeconfig({ env }).server).toBe('https://one.example:6443/base');
    expect(loadKubeconfig({ env, context: 'two' }).server).toBe('https://two.example:6443/base');
  });
});

describe('a proxy', () => {
  it('that fails is named', async () => {
    const cluster = await connect({ kubeconfigText: config(['one']), env: { HTTPS_PROXY: 'http://127.0.0.1:1' } });
    const error = explainApiError(await cluster.getPath('/version').catch((e: unknown) => e), 'read the version');
    expect(error.code).toBe('unreachable');
    expect(error.message).toContain('through the proxy 127.0.0.1:1');
    await cluster.close();
  });
});

describe('proxyFromEnvironment', () => {
  const cases: [string, Record<string, string>, string | undefined][] = [
    ['https://api.example:6443', {}, undefined],
    ['https://api.example:6443', { HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128'],
    ['https://api.example:6443', { https_proxy: 'http://proxy:3128' }, 'http://proxy:3128'],
    ['http://api.example', { HTTPS_PROXY: 'http://proxy' }, undefined],
    ['https://127.0.0.1:6443', { HTTPS_PROXY: 'http://proxy' }, undefined],
    ['https://localhost', { HTTPS_PROXY: 'http://proxy' }, undefined],
    ['https://api.example', { HTTPS_PROXY: 'http://proxy', NO_PROXY: '*' }, undefined],
    ['https://api.example', { HTTPS_PROXY: 'http://proxy', NO_PROXY: 'a.com, example' }, undefined],
    ['https://api.example', { HTTPS_PROXY: 'http://proxy', NO_PROXY: '.example' }, undefined],
    ['https://example', { HTTPS_PROXY: 'http://proxy', NO_PROXY: '.example' }, 'http://proxy'],
    ['https://api.example:6443', { HTTPS_PROXY: 'http://proxy', NO_PROXY: 'api.example:443' }, 'http://proxy'],
    ['https://api.example:443', { HTTPS_PROXY: 'http://proxy', NO_PROXY: 'api.example:443' }, undefined],
    ['https://10.1.2.3', { HTTPS_PROXY: 'http://proxy', NO_PROXY: '10.0.0.0/8' }, undefined],
    ['https://11.1.2.3', { HTTPS_PROXY: 'http://proxy', NO_PROXY: '10.0.0.0/8,nonsense/99' }, 'http://proxy'],
    ['https://[fd00::1]', { HTTPS_PROXY: 'http://proxy', NO_PROXY: 'fd00::/8' }, undefined],
  ];
  it.each(cases)('%s with %o', (server, env, expected) => {
    expect(proxyFromEnvironment(new URL(server), env)).toBe(expected);
  });
});
