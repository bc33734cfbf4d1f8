import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { buildPebble } from './build.ts';
import { freePorts } from './ports.ts';
import { type Running, start, tail } from './processes.ts';

/**
 * A real ACME server: Let's Encrypt's Pebble. It takes every challenge for passed without looking (nothing here runs a
 * solver's Pod), waits for nothing, and forgets everything when it ends.
 */
export interface Pebble {
  /** For `spec.acme.server`. */
  directoryUrl: string;
  /** PEM of the CA of its listener; base64 of it is for `spec.acme.caBundle`. Not the CA of what it issues. */
  ca: string;
  /** Path of a file with `ca`. */
  caFile: string;
  /** How many accounts were made since its start. */
  registrations(): number;
  /** How many requests it got for a new account, those that found an old one by its key included. */
  newAccountCalls(): number;
  /** How many requests it got in all. */
  calls(): number;
  stop(): Promise<void>;
}

export interface PebbleOptions {
  /** External accounts by key id: the MAC key, base64url. */
  externalAccounts?: Record<string, string>;
  /** Refuse registrations without one of them. */
  externalAccountRequired?: boolean;
}

const START_TIMEOUT_MS = 20_000;

/** As Pebble's source names them: wfe/wfe.go, newAccountPath and the line that NewAccount writes. */
const NEW_ACCOUNT = 'POST /sign-me-up -> calling handler()';
const REGISTERED = /There are now \d+ accounts in memory/;
const CALL = / -> calling handler\(\)/;

/**
 * Builds Pebble if need be and starts it on a free port of 127.0.0.1.
 * @param tools the test cluster's helper program: makes the listener's certificate, ties Pebble's life to ours.
 * @param cluster directory of the cluster that it belongs to: its own files and its log go there.
 * @throws Error with the end of its log where it does not come up.
 */
export async function startPebble(
  tools: string,
  cluster: string,
  log: (line: string) => void = () => undefined,
  options: PebbleOptions = {},
): Promise<Pebble> {
  const program = await buildPebble(log);
  const directory = mkdtempSync(join(cluster, 'pebble-'));
  await promisify(execFile)(tools, ['certificates', directory]);
  mkdirSync(join(cluster, 'logs'), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce({ program, tools, directory, cluster, options, attempt });
    } catch (error) {
      // Another program may have taken a port between the choice and its use.
      if (attempt >= 3 || !/address already in use/.test(String(error))) throw error;
    }
  }
}

interface Start {
  program: string;
  tools: string;
  directory: string;
  cluster: string;
  options: PebbleOptions;
  attempt: number;
}

async function startOnce({ program, tools, directory, cluster, options, attempt }: Start): Promise<Pebble> {
  const [port = 0] = await freePorts(1);
  const config = join(directory, 'config.json');
  writeFileSync(config, JSON.stringify(configuration(directory, port, options), null, 2));
  const logFile = join(cluster, 'logs', `${directory.slice(cluster.length + 1)}-${attempt}.log`);
  const running = start(tools, 'pebble', [program, '-config', config], logFile, {
    PEBBLE_VA_ALWAYS_VALID: '1',
    PEBBLE_VA_NOSLEEP: '1',
    // Pebble refuses 5 % of good nonces unless told, to find clients that do not try again. cert-manager does.
    PEBBLE_WFE_NONCEREJECT: '0',
    PEBBLE_AUTHZREUSE: '0',
  });
  const caFile = join(directory, 'ca.crt');
  const ca = readFileSync(caFile, 'utf8');
  const directoryUrl = `https://127.0.0.1:${port}/dir`;
  await untilAnswers(directoryUrl, ca, running);
  const lines = () => readFileSync(logFile, 'utf8').split('\n');
  const own = lines().filter((line) => CALL.test(line)).length;
  return {
    directoryUrl,
    ca,
    caFile,
    registrations: () => lines().filter((line) => REGISTERED.test(line)).length,
    newAccountCalls: () => lines().filter((line) => line.includes(NEW_ACCOUNT)).length,
    calls: () => lines().filter((line) => CALL.test(line)).length - own,
    async stop() {
      running.signal('SIGKILL');
      await running.ended;
    },
  };
}

function configuration(directory: string, port: number, options: PebbleOptions): unknown {
  return {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      // Without an address there is no management interface.
      managementListenAddress: '',
      certificate: join(directory, 'server.crt'),
      privateKey: join(directory, 'server.key'),
      httpPort: 5002,
      tlsPort: 5001,
      keyAlgorithm: 'ecdsa',
      retryAfter: { authz: 1, order: 1 },
      profiles: { default: { description: 'the only one', validityPeriod: 90 * 24 * 3600 } },
      externalAccountBindingRequired: options.externalAccountRequired === true,
      externalAccountMACKeys: options.externalAccounts ?? {},
    },
  };
}

async function untilAnswers(url: string, ca: string, running: Running): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(url, ca))) {
    const ended = running.isRunning() ? undefined : await running.ended;
    if (ended !== undefined || Date.now() > deadline) {
      running.signal('SIGKILL');
      throw new Error(`Pebble ${ended === undefined ? 'does not answer' : `ended (${ended})`}:\n${tail(running.log)}`);
    }
    await sleep(50);
  }
}

function answers(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    // RFC 8555 demands the header, and Pebble answers 400 without.
    const headers = { 'user-agent': 'certkeep-test' };
    const asked = request(url, { ca, headers, timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
