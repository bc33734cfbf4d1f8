import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../model/progress.ts';
import { runCli } from './cli.ts';
import type { CliContext } from './context.ts';

async function rbac(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const stream = (write: (text: string) => void) => ({ write, isTTY: false }) as unknown as NodeJS.WriteStream;
  const context: CliContext = {
    env: {},
    stdin: (async function* () {})(),
    stdout: stream((text) => {
      out += text;
    }),
    stderr: stream((text) => {
      err += text;
    }),
    clock: systemClock,
    signal: new AbortController().signal,
  };
  const code = await runCli(['rbac', ...args], context);
  return { code, out, err };
}

describe('certkeep rbac', () => {
  it('prints manifests for kubectl', async () => {
    const { code, out } = await rbac('--for', 'verify', '--service-account', 'ci/bot');
    expect(code).toBe(0);
    const kinds = (loadAll(out) as { kind: string }[]).map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']));
    const json = await rbac('--for', 'verify', '--service-account', 'ci/bot', '--json');
    expect((JSON.parse(json.out) as { items: unknown[] }).items).toEqual(loadAll(out));
  });

  it('says how to bind them where nobody is named', async () => {
    const { out } = await rbac('--for', 'restore', '--makers', 'Gateway', '--makers', 'Ingress');
    expect(out).toContain('--service-account NAMESPACE/NAME');
    expect(out).not.toContain('kind: RoleBinding');
    expect(out).toContain('gateways');
  });

  it.each([
    [['--for', 'nothing'], /nothing/],
    [[], /--for/],
    [['--for', 'verify', '--user', 'a', '--service-account', 'b/c'], /exclude each other/],
    [['--for', 'verify', '--service-account', 'b'], /NAMESPACE\/NAME/],
    [['--for', 'resume', '--namespace', 'a'], /cannot be narrowed/],
    [['--for', 'restore', '--baseline', 'requests'], /no meaning/],
    [['--for', 'backup', '--baseline', 'requests', '--secrets', 'all'], /captures some/],
  ])('refuses %j with exit code 2', async (args, words) => {
    const { code, out, err } = await rbac(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(words);
  });

  it('needs a backup that exists for --from', async () => {
    expect((await rbac('--for', 'verify', '--from', '/no/such/backup')).code).toBe(4);
  });
});
