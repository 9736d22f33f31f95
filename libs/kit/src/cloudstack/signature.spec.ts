import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signRequest, verifySignature } from './signature.js';

const SECRET = 'a-secret';
const digest = (text: string) => createHmac('sha1', SECRET).update(text).digest('base64');

describe('signRequest', () => {
  it('matches a signature made by hand', () => {
    expect(signRequest({ command: 'listZones', apiKey: 'K', name: 'A b*c~', response: 'json' }, SECRET)).toBe(
      digest('apikey=k&command=listzones&name=a%20b*c~&response=json'),
    );
  });
});

describe('verifySignature', () => {
  const cases: [what: string, parameters: [string, string][], signed: string][] = [
    [
      'plain',
      [
        ['b', '1'],
        ['a', '2'],
      ],
      'a=2&b=1',
    ],
    [
      'order by case (upper first)',
      [
        ['b', '1'],
        ['Z', '2'],
      ],
      'z=2&b=1',
    ],
    [
      'order without case',
      [
        ['Z', '2'],
        ['b', '1'],
      ],
      'b=1&z=2',
    ],
    ['space as %20', [['a', 'x y']], 'a=x%20y'],
    ['space as +', [['a', 'x y']], 'a=x+y'],
    ['~ plain (Go, Python)', [['a', 'x~']], 'a=x~'],
    ['~ encoded (Java)', [['a', 'x~']], 'a=x%7e'],
    ['* plain', [['a', 'x*']], 'a=x*'],
    ['* encoded', [['a', 'x*']], 'a=x%2a'],
    ['brackets in values encoded', [['a', '[x]']], 'a=%5bx%5d'],
    ['brackets in values plain (libcloud)', [['a', '[x]']], 'a=[x]'],
    ['bracket names are never encoded', [['tags[0].key', 'x']], 'tags[0].key=x'],
    ['quotes and parentheses are encoded', [['a', "!'()"]], 'a=%21%27%28%29'],
    ['other alphabets, as UTF-8', [['a', 'é/+']], 'a=%c3%a9%2f%2b'],
    [
      'signature itself is left out',
      [
        ['a', '1'],
        ['signature', 'zzz'],
      ],
      'a=1',
    ],
  ];
  it.each(cases)('%s', (_what, parameters, signed) => {
    expect(verifySignature(parameters, digest(signed), SECRET)).toBe(true);
  });
  it('does not take one parameter whose name looks like two for those two, nor the reverse', () => {
    const two = [
      ['a', '1'],
      ['b', '2'],
    ] as const;
    const one = [['a=1&b', '2']] as const;
    expect(verifySignature(one, digest('a=1&b=2'), SECRET)).toBe(false);
    expect(verifySignature(two, signRequest({ 'a=1&b': '2' }, SECRET), SECRET)).toBe(false);
    expect(verifySignature(one, signRequest({ 'a=1&b': '2' }, SECRET), SECRET)).toBe(true);
  });

  it.each(['~*[] x', '!', "~'()*", ' '])('takes the largest request of nothing but “%s” in a bounded time', (text) => {
    const value = text.repeat(Math.floor((2 * 1024 * 1024) / text.length));
    expect(verifySignature([['Value', value]], digest('wrong'), SECRET)).toBe(false);
    expect(verifySignature([['Value', value]], signRequest({ Value: value }, SECRET), SECRET)).toBe(true);
  });

  it('refuses a changed value, a wrong key and rubbish', () => {
    const good = digest('a=1');
    expect(verifySignature([['a', '2']], good, SECRET)).toBe(false);
    expect(verifySignature([['a', '1']], good, 'other')).toBe(false);
    expect(verifySignature([['a', '1']], 'rubbish', SECRET)).toBe(false);
    expect(verifySignature([['a', '1']], '', SECRET)).toBe(false);
    for (const more of [`${good}=`, `${good}${good}`, ` ${good}`, `${good}\n`, good.slice(0, -1)])
      expect(verifySignature([['a', '1']], more, SECRET)).toBe(false);
  });
});
