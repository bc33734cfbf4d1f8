import { createServer } from 'node:net';

// Below the range from which Linux takes ports for outgoing connections, so that only another listener can clash.
const FIRST = 20_000;
const LAST = 31_999;

/** `count` different ports of 127.0.0.1 that nobody listens on now. Another program may still take one first. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempts = 0; found.size < count; attempts++) {
    if (attempts > 1_000) throw new Error('no free ports between 20000 and 31999');
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

/** One free port; see {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no free port');
  return port;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
