import { describe, expect, it } from 'vitest';
import { Unclear } from './read.ts';
import { literalSubjectAttributes, literalSubjectDer, parseDistinguishedName } from './rfc4514.ts';

const parsed = (text: string): string[][] =>
  parseDistinguishedName(text).map((rdn) => rdn.map(({ type, value }) => `${type}=${value.toString('utf8')}`));

describe('a distinguished name', () => {
  it.each([
    ['CN=foo,O=bar', [['CN=foo'], ['O=bar']]],
    [' CN = foo ; O= bar ', [['CN=foo'], ['O=bar']]],
    ['CN=a+O=b,C=DE', [['CN=a', 'O=b'], ['C=DE']]],
    ['CN=a\\,b\\+c', [['CN=a,b+c']]],
    ['CN=\\ a\\ ', [['CN= a ']]],
    ['CN=Zw\\c3\\b6lf', [['CN=Zwölf']]],
    ['CN=a=b', [['CN=a=b']]],
    ['CN=', [['CN=']]],
    ['', []],
  ])('%j', (text, expected) => expect(parsed(text)).toEqual(expected));

  it.each(['CN', 'CN=a,', 'CN=a,,O=b', 'CN=a\\', 'CN=a\\zz', 'CN=#0402', '=a'])('cannot decide on %j', (text) =>
    expect(() => parsed(text)).toThrow(Unclear),
  );
});

describe('its DER', () => {
  const der = (text: string): string => literalSubjectDer(text).toString('hex');

  it('has the RDNs in reverse order', () =>
    expect(der('CN=foo,C=DE')).toBe('301b310b3009060355040613024445310c300a06035504031303666f6f'));
  it('takes PrintableString where it fits, else UTF8String', () => {
    expect(der('CN=ab')).toContain('13026162');
    expect(der('CN=a*')).toContain('0c02612a');
    expect(der('CN=ä')).toContain('0c02c3a4');
  });
  it('sorts the attributes of an RDN', () => expect(der('O=b+CN=a')).toBe(der('CN=a+O=b')));
  it('knows object identifiers', () => expect(der('2.5.4.3=a')).toBe(der('CN=a')));
  it.each(['XX=a', 'cn=a', '3.1=a', '1.40=a', '1=a', 'CN=\\ff'])('cannot be made of %j', (text) =>
    expect(() => der(text)).toThrow(Unclear),
  );
});

describe('its attributes, for releases before 1.15', () => {
  it('are those of the text, types that have no name matching none', () => {
    expect(literalSubjectAttributes('CN=foo bar+O=b,C=DE')).toEqual([
      [['2.5.4.6', 'DE']],
      [
        ['2.5.4.3', 'foo bar'],
        ['2.5.4.10', 'b'],
      ],
    ]);
    expect(literalSubjectAttributes('1.2.3=a')).toEqual([[['', 'a']]]);
    for (const text of ['CN=a=b', 'CN=', 'CN=\\ff', 'CN=#04'])
      expect(() => literalSubjectAttributes(text)).toThrow(Unclear);
  });
});
