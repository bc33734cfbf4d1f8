import { describe, expect, it } from 'vitest';
import { parseDuration, printDuration } from '../goDuration.ts';
import { parseInteger, splitCsv, trimSpace } from './goText.ts';
import { parseSecretTemplate } from './secretTemplate.ts';

describe('texts as Go reads them', () => {
  it('splits one line of CSV', () => {
    expect(splitCsv('"10 Downing Street, Westminster",Manchester')).toEqual([
      '10 Downing Street, Westminster',
      'Manchester',
    ]);
    expect(splitCsv('"a""b\r\nc",')).toEqual(['a"b\nc', '']);
    for (const bad of ['', '\n\r\n', 'a\nb', '"a', 'a"b', '"a"b'])
      expect(splitCsv(bad), JSON.stringify(bad)).toBeUndefined();
  });

  it('reads whole numbers', () => {
    expect(parseInteger('+007', 32)).toBe(7n);
    expect(parseInteger('2147483648', 32)).toBeUndefined();
    expect(parseInteger('9223372036854775807', 64)).toBe(9_223_372_036_854_775_807n);
    for (const bad of ['', ' 1', '1_0', '0x1', '٣', '--1']) expect(parseInteger(bad, 32), bad).toBeUndefined();
  });

  it('trims its own idea of white space', () => {
    expect(trimSpace('\u0085 a b\u3000')).toBe('a b');
    expect(trimSpace('\ufeffa')).toBe('\ufeffa');
    expect(trimSpace(' \n')).toBe('');
  });

  it('writes durations', () => {
    const printed = ['2160h', '90s', '1.5h', '1us', '1500ms', '0', '-61s', '1ns'].map((text) =>
      printDuration(parseDuration(text) ?? -1n),
    );
    expect(printed).toEqual(['2160h0m0s', '1m30s', '1h30m0s', '1µs', '1.5s', '0s', '-1m1s', '1ns']);
  });

  it('reads the first value of a secret template', () => {
    expect(parseSecretTemplate('{"Labels":{"a":"b"},"labels":{"c":null}} rest')).toEqual({ labels: { a: 'b', c: '' } });
    expect(parseSecretTemplate('{"annotations":{"a":"\\ud800"}}')).toEqual({ annotations: { a: '\ufffd' } });
    for (const bad of ['', '{', '[]', '{"x":{}}', '{"labels":{"a":1}}', '{"labels":{"a":"b"']) {
      expect(parseSecretTemplate(bad), bad).toBeUndefined();
    }
  });
});
