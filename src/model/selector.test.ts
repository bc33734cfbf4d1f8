import { describe, expect, it } from 'vitest';
import { labelSelector } from './selector.ts';

const labels = { app: 'web', 'example.com/tier': 'a' };

describe('labelSelector', () => {
  it.each([
    '',
    'app=web',
    'app == web',
    'app!=x',
    'new!=x',
    'app in (x, web)',
    'app notin (x)',
    'new notin (x)',
    'app',
    '!new',
    'app=web,example.com/tier in (a,b),!new',
  ])('%j matches', (selector) => expect(labelSelector(selector)(labels)).toBe(true));
  it.each([
    'app=x',
    'app!=web',
    'new=x',
    'app in (x)',
    'new in (x)',
    'app notin (web)',
    '!app',
    'new',
    'app=web,new',
    'constructor',
  ])('%j does not', (selector) => expect(labelSelector(selector)(labels)).toBe(false));
  it.each(['=', 'a b', 'a in b', 'a=b,', 'a>1=', 'a in (b'])('%j is none', (selector) =>
    expect(() => labelSelector(selector)).toThrow('label selector'),
  );
});
