import { defineCommand } from '@durastack/contracts/command';
import { bool, int, list, long, map, mapList, oneOf, text, uuid } from '@durastack/contracts/fields';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodeParameters, readParameters } from './parameters.js';

const ID = '01a1fc86-72bc-7c03-94ec-ea3be35ab18f';

const sample = defineCommand({
  name: 'sampleCommand',
  domain: 'infra',
  description: 'A sample.',
  event: 'SAMPLE',
  rest: { method: 'POST', path: '/samples' },
  roles: ['admin'],
  params: z.object({
    id: uuid('Id').optional(),
    name: text('Name', { max: 10 }).optional(),
    wanted: bool('Wanted').optional(),
    count: int('Count', { min: 0, max: 10 }).optional(),
    sizeBytes: long('Size').optional(),
    mode: oneOf('Mode', ['Basic', 'Advanced']).optional(),
    ids: list('Ids', uuid('An id')).optional(),
    words: list('Words', z.string()).optional(),
    labels: list('Labels', z.string(), { mayBeEmpty: true }).optional(),
    details: map('Details').optional(),
    nicList: mapList('Interfaces').optional(),
    password: text('Password', { secret: true, max: 5 }).optional(),
  }),
});

const needy = defineCommand({ ...sample, name: 'needyCommand', params: z.object({ zoneId: uuid('Zone') }) });

const decode = (query: string, body = '') => decodeParameters(sample, readParameters(query, body));

describe('readParameters', () => {
  it('merges query and body, and keeps what was sent for the signature', () => {
    const { byName, sent } = readParameters('command=a&Name=x%20y', 'id=1&command=a');
    expect(Object.fromEntries(byName)).toEqual({ command: 'a', name: 'x y', id: '1' });
    expect(sent).toEqual([
      ['command', 'a'],
      ['Name', 'x y'],
      ['id', '1'],
    ]);
  });

  it('refuses a parameter given twice with different values, also in another case or in the body', () => {
    for (const [query, body] of [
      ['a=1&a=2', ''],
      ['a=1&A=2', ''],
      ['a=1', 'a=2'],
    ] as const)
      expect(readParameters(query, body).fault?.message).toContain('given twice');
    expect(readParameters('a=1&a=1', 'A=1').fault).toBeUndefined();
  });

  it('refuses more parameters than a call can mean, without reading them all', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `a${index}=1`).join('&');
    expect(readParameters('command=a', many(9_999)).fault).toBeUndefined();
    const { fault, sent } = readParameters('command=a', many(200_000));
    expect(fault?.message).toBe('The request has more than 10000 parameters.');
    expect(sent.length).toBeLessThan(10_010);
  });

  it('refuses what is no percent-encoded UTF-8, naming it, and reads the rest', () => {
    for (const text of ['%', '%Z1', '%FF', '%C0%AF', '%ED%A0%80', '%E2%82']) {
      const { fault, byName } = readParameters(`response=json&name=${text}`, '');
      expect(fault?.message).toBe('The parameter name is not percent-encoded UTF-8.');
      expect(byName.get('response')).toBe('json');
    }
  });
});

describe('decodeParameters', () => {
  const cases: [what: string, query: string, expected: Record<string, unknown>][] = [
    ['names without case', 'NAME=x&SizeBytes=5', { name: 'x', sizeBytes: 5 }],
    ['booleans in any case', 'wanted=TRUE', { wanted: true }],
    ['a false boolean', 'wanted=false', { wanted: false }],
    ['words of a closed list in any case', 'mode=basic', { mode: 'Basic' }],
    ['comma lists', `ids=${ID},${ID}&words=a, b,`, { ids: [ID, ID], words: ['a', 'b'] }],
    ['unknown names are ignored', 'filter=name&name=x', { name: 'x' }],
    ['empty values mean “not given”', 'id=&count=&wanted=&mode=', {}],
    ['but a text can be empty', 'name=', { name: '' }],
    ['and a list that says so', 'words=&labels=', { labels: [] }],
    [
      'a map as key and value',
      'details[0].key=K&details[0].value=V&details[1].key=L&details[1].value=W',
      { details: { K: 'V', L: 'W' } },
    ],
    [
      'a map at index 0',
      'details[0].cpuNumber=2&details[0].memory=512',
      { details: { cpuNumber: '2', memory: '512' } },
    ],
    ['a map, one index per name', 'details[0].a=1&details[1].b=2', { details: { a: '1', b: '2' } }],
    [
      'the key of a map keeps its case, the name does not',
      'DETAILS[0].KEY=Env&Details[0].Value=Prod',
      { details: { Env: 'Prod' } },
    ],
    ['a map without a value', 'details[0].key=K', { details: { K: '' } }],
    [
      'lists of maps',
      'niclist[1].ip=b&niclist[0].networkId=n&niclist[0].ip=a',
      { nicList: [{ networkid: 'n', ip: 'a' }, { ip: 'b' }] },
    ],
  ];
  it.each(cases)('%s', (_what, query, expected) => {
    expect(decode(query)).toEqual(expected);
  });

  const faults: [what: string, query: string, message: string][] = [
    [
      'an id that is no UUID, in the words that clients match',
      'id=17',
      'Invalid parameter id value=17 due to incorrect long value format, or entity does not exist',
    ],
    ['a number that is none', 'count=many', 'invalid value "many" of parameter count'],
    ['a number out of range', 'count=11', 'parameter count'],
    ['a boolean that is none', 'wanted=perhaps', 'parameter wanted'],
    ['a word that is not of the list', 'mode=Grand', 'parameter mode'],
    ['a text that is too long', 'name=abcdefghijk', 'parameter name'],
    ['a secret is not repeated', 'password=hunter2', 'invalid value the value given of parameter password'],
  ];
  it.each(faults)('refuses %s', (_what, query, message) => {
    expect(() => decode(query)).toThrow(message);
  });

  it('names a parameter that is missing as the client spells it', () => {
    expect(() => decodeParameters(needy, readParameters('', ''))).toThrow(
      'Unable to execute API command needycommand due to missing parameter zoneid',
    );
  });
});
