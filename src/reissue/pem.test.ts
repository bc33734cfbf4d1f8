import { describe, expect, it } from 'vitest';
import { certificateBlocks, privateKeyBlock, requestBlock } from './pem.ts';
import { rulesFor } from './versions.ts';

const rules = rulesFor('1.21.2');
const block = (type: string, body = 'AAEC'): string => `-----BEGIN ${type}-----\n${body}\n-----END ${type}-----\n`;
const key = (text: string, version = '1.21.2') => privateKeyBlock(Buffer.from(text), rulesFor(version));
const chain = (text: string) => certificateBlocks(Buffer.from(text), rules);

describe('the private key', () => {
  it('is the first block', () => {
    expect(key(block('EC PARAMETERS') + block('EC PRIVATE KEY'))).toEqual({
      kind: 'read',
      value: { type: 'EC PARAMETERS', der: Buffer.from([0, 1, 2]) },
    });
    expect(key(`text\n${block('PRIVATE KEY')}-----BEGIN`).kind).toBe('read');
    expect(key(block('PRIVATE KEY').replaceAll('\n', '\r\n')).kind).toBe('read');
    expect(key(block('PRIVATE KEY').trimEnd()).kind).toBe('read');
  });
  it("gives cert-manager's own error where there is certainly none", () => {
    expect(key('hello')).toEqual({
      kind: 'invalid',
      error: 'error decoding private key PEM block: no PEM data was found in given input',
    });
    expect(key('hello', '1.17.4')).toEqual({ kind: 'invalid', error: 'error decoding private key PEM block' });
  });
  it('keeps to the limit of each release', () => {
    const padded = (length: number): string =>
      `${'#'.repeat(length - block('PRIVATE KEY').length - 1)}\n${block('PRIVATE KEY')}`;
    expect(key(padded(13000)).kind).toBe('read');
    expect(key(padded(13001))).toEqual({
      kind: 'invalid',
      error: 'error decoding private key PEM block: provided PEM data was larger than the maximum 13000B',
    });
    expect(key(padded(13001), '1.16.1').kind).toBe('read');
  });
  it.each([
    ['header', block('PRIVATE KEY').replace('AAEC', 'Proc-Type: 4,ENCRYPTED\n\nAAEC')],
    ['no end', '-----BEGIN PRIVATE KEY-----\nAAEC\n'],
    ['other end', '-----BEGIN PRIVATE KEY-----\nAAEC\n-----END CERTIFICATE-----\n'],
    ['empty', '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n'],
    ['bad base64', block('PRIVATE KEY', 'AAE')],
    ['indented', block('PRIVATE KEY').replaceAll(/^/gm, ' ')],
    ['trailing blank', block('PRIVATE KEY').replaceAll('\n', ' \n')],
    ['twice begun', `-----BEGIN PRIVATE KEY-----\n${block('PRIVATE KEY')}`],
    ['lower case', block('private key')],
  ])('cannot decide on %s', (_, text) => expect(key(text).kind).toBe('unclear'));
});

describe('certificates', () => {
  it('are all blocks, whatever their type', () => {
    const read = chain(`${block('CERTIFICATE')}# chain\n${block('X')}`);
    expect(read.kind === 'read' && read.value.map(({ type }) => type)).toEqual(['CERTIFICATE', 'X']);
  });
  it('must be one at least', () => {
    expect(chain('')).toEqual({
      kind: 'invalid',
      error: 'error decoding certificate PEM block: no valid certificates found',
    });
    expect(chain('x'.repeat(330001))).toEqual({
      kind: 'invalid',
      error: 'provided PEM data was larger than the maximum 330000B',
    });
  });
  it('cannot be decided with anything odd after the first', () => {
    expect(chain(`${block('CERTIFICATE')}-----BEGIN CERTIFICATE-----\n`).kind).toBe('unclear');
    expect(chain(block('CERTIFICATE').repeat(401)).kind).toBe('unclear');
  });
});

describe('the request', () => {
  it('has a limit that grew', () => {
    const text = Buffer.from(`${'#'.repeat(7000)}\n${block('CERTIFICATE REQUEST')}`);
    expect(requestBlock(text, rulesFor('1.18.2'))).toEqual({
      kind: 'invalid',
      error: 'error decoding certificate request PEM block',
    });
    expect(requestBlock(text, rulesFor('1.18.3')).kind).toBe('read');
    expect(requestBlock(text, rulesFor('1.16.1')).kind).toBe('read');
  });
});
