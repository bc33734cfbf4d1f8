import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logLine, markdown, markdownCode, markdownProse, shellWord } from './escape.ts';

describe('logLine', () => {
  it('leaves no workflow command', () => {
    expect(logLine('::error::boo')).toBe(': :error::boo');
    expect(logLine('  \t::set-output name=x::y')).toBe(': :set-output name=x::y');
    expect(logLine('a\n::add-mask::b')).toBe('a ::add-mask::b');
    expect(logLine('see ##[group]x')).toBe('see ## [group]x');
    expect(logLine('\u001b[31mred')).toBe('[31mred');
    expect(logLine('\u200b::error::hidden')).toBe(': :error::hidden');
  });

  it('holds for any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(':', '#', '[', ' ', '\n', '\r', '\u0000', '\u200b', 'a', '\u2028') }),
        (text) => {
          const line = logLine(text);
          expect(line.trim().startsWith('::')).toBe(false);
          expect(line).not.toMatch(/##\[|[\n\r]/);
        },
      ),
    );
  });
});

describe('markdown', () => {
  it('keeps words readable', () => {
    expect(markdown("app1/web-tls, it's at 12.5 (ok)")).toBe("app1/web-tls, it's at 12.5 (ok)");
  });

  it('leaves nothing that is markup', () => {
    expect(markdown('<img src=x onerror=alert(1)>')).not.toMatch(/[<>=]/);
    expect(markdown('a|b')).toBe('a&#124;b');
    expect(markdown('**b** _i_ `c` [l](http://x) ![i](y) ~~s~~')).not.toMatch(/[*_`[\]!~]|:\/\//);
    expect(markdown('@team #12 :smile:')).not.toMatch(/[@:]|#\d+ /);
    expect(markdown('go to www.evil.example')).toBe('go to www&#46;evil.example');
    expect(markdown('a\n\n# heading')).toBe('a &#35; heading');
    expect(markdown('\u202egpj')).toBe('gpj');
  });

  it('holds for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const clean = markdown(text).replace(/&#\d+;/g, '');
        expect(clean).toMatch(/^[A-Za-z0-9 ,./()':\u00a0-\u{10ffff}-]*$/u);
        expect(markdown(text)).not.toMatch(/:(?! )/);
      }),
    );
  });

  it('keeps what is set off by backticks', () => {
    expect(markdownProse('run `kubectl get <x>` now')).toBe('run <code>kubectl get &#60;x&#62;</code> now');
    expect(markdownProse('a ` b')).toBe('a &#96; b');
  });

  it('cuts what is long', () => {
    expect(markdown('x'.repeat(400))).toHaveLength(300);
    expect(markdownCode('')).toBe('');
  });
});

describe('shellWord', () => {
  it('quotes what needs it', () => {
    expect(shellWord('cert-manager-backup')).toBe('cert-manager-backup');
    expect(shellWord("it's $HOME")).toBe("'it'\\''s $HOME'");
  });
});
