import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CertkeepError } from '../model/problems.ts';
import { hasNoKubeconfig, noKubeconfig, resolveKubeconfig } from './kubeconfig.ts';

const pem = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIAbcdefgh\nQ0FTRUNSRVRMSU5F\n-----END EC PRIVATE KEY-----\n';
const config = `apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: prod
  cluster: {server: "https://k8s.example:6443", proxy-url: "http://robot:pr0xy%2Dpassw0rd@proxy.example:3128"}
contexts:
- name: prod
  context: {cluster: prod, user: ci}
users:
- name: ci
  user:
    token: s3cr3t-token-value
    client-key-data: ${Buffer.from(pem).toString('base64')}
    client-certificate-data: aGVsbG8gd29ybGQgaGVsbG8=
- name: plugin
  user:
    username: admin-user
    password: hunter2hunter2
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: get-token-plugin
      args: [get-token, --client-secret, abc-client-secret, --region, eu-central-1, --token=inline-token-x]
      env:
      - {name: PLUGIN_SECRET, value: plugin-secret-value}
`;
const directory = mkdtempSync(join(tmpdir(), 'certkeep-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

function resolve(input: string): { source: ReturnType<typeof resolveKubeconfig>; masks: string[] } {
  const masks: string[] = [];
  return { source: resolveKubeconfig(input, (secret) => masks.push(secret)), masks };
}

const SECRETS = [
  's3cr3t-token-value',
  Buffer.from(pem).toString('base64'),
  'MHcCAQEEIAbcdefgh',
  'Q0FTRUNSRVRMSU5F',
  'hunter2hunter2',
  'abc-client-secret',
  'inline-token-x',
  'plugin-secret-value',
  'pr0xy%2Dpassw0rd',
  'pr0xy-passw0rd',
];

describe('resolveKubeconfig', () => {
  it('takes the ambient one where nothing is given', () => expect(resolve('').source).toEqual({}));

  it('takes content, and masks each credential and each line of a key', () => {
    const { source, masks } = resolve(config);
    expect(source).toEqual({ kubeconfigText: config });
    for (const secret of SECRETS) expect(masks).toContain(secret);
  });

  it('does not blot out ordinary words', () => {
    const { masks } = resolve(config);
    for (const word of ['prod', 'admin-user', 'get-token', 'eu-central-1', 'get-token-plugin', 'v1', 'PLUGIN_SECRET']) {
      expect(masks).not.toContain(word);
    }
    expect(
      masks.some((mask) => mask.length < 6 || (mask.startsWith('-----BEGIN') === false && mask.includes('-----'))),
    ).toBe(false);
  });

  it('takes base64, wrapped or not, and masks it too', () => {
    const bare = Buffer.from(config).toString('base64');
    const wrapped = bare.replace(/(.{76})/g, '$1\n');
    for (const input of [bare, wrapped]) {
      const { source, masks } = resolve(input);
      expect(source).toEqual({ kubeconfigText: config });
      expect(masks).toContain(bare);
      expect(masks).toContain('s3cr3t-token-value');
    }
    expect(resolve(wrapped).masks).toContain(bare.slice(0, 76));
  });

  it('takes JSON', () => {
    const json = JSON.stringify({ users: [{ name: 'x', user: { token: 'json-token-value' } }] });
    expect(resolve(json).masks).toContain('json-token-value');
  });

  it('takes a path, and masks what the file holds', () => {
    const file = join(directory, 'config');
    writeFileSync(file, config);
    const { source, masks } = resolve(file);
    expect(source).toEqual({ kubeconfigPath: file });
    expect(masks).toContain('s3cr3t-token-value');
  });

  it.each([['/no/such/file'], ['some-token-or-other'], [Buffer.from('not a kubeconfig at all').toString('base64')]])(
    'refuses %j without repeating it',
    (input) => {
      try {
        resolve(input);
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(CertkeepError);
        expect((error as CertkeepError).code).toBe('bad-kubeconfig');
        expect(`${error}`).not.toContain(input);
      }
    },
  );

  it('says where YAML is broken, and quotes nothing of it', () => {
    const flat = 'apiVersion: v1 users: [ token: s3cr3t-token-value';
    try {
      resolve(flat);
      expect.unreachable();
    } catch (error) {
      expect((error as CertkeepError).code).toBe('bad-kubeconfig');
      expect(`${error}`).not.toContain('s3cr3t');
    }
  });
});

describe('an empty input', () => {
  const env = { HOME: join(directory, 'nobody') };
  it('without a kubeconfig on the runner is told from one with', () => {
    expect(hasNoKubeconfig({ env })).toBe(true);
    expect(hasNoKubeconfig({ env: { ...env, KUBECONFIG: '/x' } })).toBe(false);
    expect(hasNoKubeconfig({ env, kubeconfigText: 'x' })).toBe(false);
    mkdirSync(join(directory, 'somebody', '.kube'), { recursive: true });
    writeFileSync(join(directory, 'somebody', '.kube', 'config'), config);
    expect(hasNoKubeconfig({ env: { HOME: join(directory, 'somebody') } })).toBe(false);
  });

  it('names the likely causes', () => {
    expect(noKubeconfig(undefined).message).toMatch(/secret .* is not set.*`environment:`/);
  });
});
