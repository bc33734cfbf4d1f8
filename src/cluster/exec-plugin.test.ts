import { describe, expect, it } from 'vitest';
import { kept } from './credential.ts';
import { type ExecPlugin, execPlugin, PluginError, runPlugin } from './exec-plugin.ts';

const cluster = { server: 'https://one.example:6443', caData: 'Q0E=', skipTLSVerify: false };

function plugin(script: string, env: Record<string, string> = {}, more: Record<string, unknown> = {}) {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: process.execPath,
    args: ['-e', script],
    ...more,
  };
  const made = execPlugin(exec, cluster, env);
  if (made === undefined) throw new Error('no plugin');
  return made;
}

const SAY_ENV = `process.stdout.write(JSON.stringify({ status: { token: JSON.stringify(process.env) } }))`;

const credentialSource = (made: ExecPlugin) => kept(() => runPlugin(made));

async function environment(env: Record<string, string>, more: Record<string, unknown> = {}) {
  const { token } = await credentialSource(plugin(SAY_ENV, env, more))();
  return JSON.parse(token) as Record<string, string>;
}

describe('the environment of a credential plugin', () => {
  it('has none of our inputs and keys, and none of the runner’s tokens: not even their names', async () => {
    const hidden = {
      INPUT_KUBECONFIG: 'x',
      'INPUT_AGE-IDENTITY': 'x',
      CERTKEEP_IDENTITY: 'AGE-SECRET-KEY-1',
      CERTKEEP_FROM_SOURCE: '1',
      ACTIONS_RUNTIME_TOKEN: 'x',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x',
      ACTIONS_RESULTS_URL: 'x',
      GITHUB_TOKEN: 'x',
      GH_TOKEN: 'x',
      GH_ENTERPRISE_TOKEN: 'x',
      RUNNER_TOKEN: 'x',
    };
    const kept = { PATH: '/bin', HOME: '/home/x', AWS_ACCESS_KEY_ID: 'own', GITHUB_REPOSITORY: 'a/b', MY_INPUT_X: 'y' };
    const seen = await environment({ ...hidden, ...kept });
    expect(Object.keys(seen).filter((name) => name in hidden)).toEqual([]);
    expect(seen).toMatchObject(kept);
  });

  it('has what the kubeconfig adds, and KUBERNETES_EXEC_INFO', async () => {
    const env = [
      { name: 'OWN', value: 'kept' },
      { name: 'GITHUB_TOKEN', value: 'meant' },
    ];
    const seen = await environment({ GITHUB_TOKEN: 'runner' }, { env });
    expect(seen).toMatchObject({ OWN: 'kept', GITHUB_TOKEN: 'meant' });
    expect(JSON.parse(seen.KUBERNETES_EXEC_INFO ?? '')).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
    const told = await environment(
      {},
      { provideClusterInfo: true, apiVersion: 'client.authentication.k8s.io/v1beta1' },
    );
    expect(JSON.parse(told.KUBERNETES_EXEC_INFO ?? '')).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      kind: 'ExecCredential',
      spec: {
        interactive: false,
        cluster: { server: 'https://one.example:6443', 'certificate-authority-data': 'Q0E=' },
      },
    });
  });
});

describe('a credential', () => {
  const say = (status: Record<string, unknown>) =>
    plugin(`process.stdout.write(JSON.stringify({ status: ${JSON.stringify(status)} }).replace('PID', process.pid))`);

  it('is asked for again once it has expired', async () => {
    const lasting = credentialSource(say({ token: 'PID', expirationTimestamp: '2999-01-01T00:00:00Z' }));
    expect((await lasting()).token).toBe((await lasting()).token);
    const forever = credentialSource(say({ token: 'PID' }));
    expect((await forever()).token).toBe((await forever()).token);
    const expired = credentialSource(say({ token: 'PID', expirationTimestamp: '2001-01-01T00:00:00Z' }));
    expect((await expired()).token).not.toBe((await expired()).token);
  });

  it.each([
    ['no JSON', 'process.stdout.write("SECRET")', /no JSON/],
    ['no credential', 'process.stdout.write(JSON.stringify({ status: { clientKeyData: "SECRET" } }))', /neither/],
    ['a failure', 'process.stdout.write("SECRET"); process.exit(3)', /ended with 3/],
  ])('is not there: %s', async (_, script, words) => {
    const error = await credentialSource(plugin(script))().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(PluginError);
    expect(String(error)).toMatch(words);
    expect(String(error)).not.toContain('SECRET');
  });
});
