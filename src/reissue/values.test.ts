import { describe, expect, it } from 'vitest';
import { parseDuration } from './goDuration.ts';
import { parseTime, printTime } from './goTime.ts';
import { parseIP } from './ip.ts';
import { equalUnsorted } from './multiset.ts';
import { quote } from './quote.ts';
import { Unclear } from './read.ts';
import { readUri } from './uri.ts';
import { zoneOf } from './zone.ts';

describe('values as Go reads them', () => {
  it.each([
    ['1h', 3_600_000_000_000n],
    ['1h30m', 5_400_000_000_000n],
    ['1.5h', 5_400_000_000_000n],
    ['-1m', -60_000_000_000n],
    ['+1s', 1_000_000_000n],
    ['0', 0n],
    ['.5s', 500_000_000n],
    ['1.s', 1_000_000_000n],
    ['1us', 1000n],
    ['1µs', 1000n],
    ['2562047h47m16.854775807s', 2n ** 63n - 1n],
    ['-2562047h47m16.854775808s', -(2n ** 63n)],
    ['0.3333333333333333333h', 1_200_000_000_000n - 1n + 1n],
  ])('duration %s', (text, expected) => expect(parseDuration(text)).toBe(expected));
  it.each(['', '1', 'h', '1d', '1h ', '1 h', '.s', '--1s', '2562047h47m16.854775808s', '3000000h', '1H', '1e3s'])(
    'no duration: %j',
    (text) => expect(parseDuration(text)).toBeUndefined(),
  );

  it('addresses', () => {
    const same = (a: string, b: string): void => expect(parseIP(a)).toBe(parseIP(b));
    same('::ffff:192.0.2.7', '192.0.2.7');
    same('2001:DB8::1', '2001:0db8:0:0:0:0:0:1');
    for (const text of [
      '',
      '1',
      '1.2.3',
      '1.2.3.04',
      '256.1.1.1',
      'fe80::1%eth0',
      '1::2::3',
      ':::',
      '1:2:3:4:5:6:7:8:9',
      'g::',
      '1:2:3:4:5:6:7::8',
    ])
      expect(parseIP(text)).toBeUndefined();
  });

  it('times', () => {
    expect(printTime('2026-11-24T10:00:00+02:00')).toBe('2026-11-24 08:00:00 +0000 UTC');
    expect(printTime(undefined)).toBe('<nil>');
    for (const text of ['2026-11-24', '2026-02-30T00:00:00Z', '2026-11-24T24:00:00Z', 'now'])
      expect(parseTime(text)).toBeUndefined();
  });

  it('quoting', () => {
    expect(quote('a "b" \\ \n\u0007\u007f\u200bäé')).toBe('"a \\"b\\" \\\\ \\n\\a\\x7f\\u200bäé"');
  });

  it('lists in any order, with repetitions', () => {
    expect(equalUnsorted(['a', 'b', 'b'], ['b', 'a', 'b'])).toBe(true);
    expect(equalUnsorted(['a', 'a', 'b'], ['b', 'a', 'b'])).toBe(false);
  });

  it('URIs, where Go prints them as they are written', () => {
    for (const uri of ['spiffe://cluster.local/ns/a/sa/b', 'urn:uuid:1-2', 'https://a.b:8443/c?d=e&f', 'https://a/%2F'])
      expect(readUri(uri)).toBe(uri);
    for (const uri of [
      'HTTP://a',
      'a',
      'http://[::1]/',
      'http://a b',
      'http://a/ä',
      'http://u@a/',
      'http://a/#f',
      'http://a/%zz',
      'http://a./',
      '//a',
    ])
      expect(() => readUri(uri)).toThrow(Unclear);
  });

  it('time zones', () => {
    expect(zoneOf('Europe/Berlin').offset(Date.parse('2026-07-01T00:00:00Z') / 1000)).toBe(7200);
    for (const name of ['europe/berlin', '+01:00', 'Local', 'Mars/Olympus', '../etc/passwd'])
      expect(() => zoneOf(name)).toThrow(Unclear);
  });
});
