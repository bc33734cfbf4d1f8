import { describe, expect, it } from 'vitest';
import { fold, plain, table } from './terminal.ts';

describe('plain', () => {
  it('shows control characters instead of obeying them', () => {
    expect(plain('a\u001b[31mb\nc\u202ed')).toBe('a\\u{1b}[31mb\\u{a}c\\u{202e}d');
  });
  it('leaves ordinary text alone', () => expect(plain('web-tls – größer')).toBe('web-tls – größer'));
});

describe('table', () => {
  it('stays within its width, whatever the cells hold', () => {
    const lines = table(['NAMESPACE', 'NAME', 'MESSAGE'], [['a'.repeat(63), 'b'.repeat(200), 'c d '.repeat(90)]], 80);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });
  it('aligns columns', () => {
    expect(table(['A', 'B'], [['long', 'x']])).toEqual(['A     B', 'long  x']);
  });
});

describe('fold', () => {
  it('breaks at spaces and never exceeds the width', () => {
    for (const line of fold(`one two ${'x'.repeat(100)} three`, 20)) expect(line.length).toBeLessThanOrEqual(20);
    expect(fold('one two three', 8)).toEqual(['one two', 'three']);
  });
});
