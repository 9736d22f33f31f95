import { DurastackError } from '@durastack/contracts/errors';
import { bool, date, list, long, text } from '@durastack/contracts/fields';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cloudStackDate, envelopeName, errorBody, listBody, renderObject } from './render-json.js';
import { renderXml } from './render-xml.js';

const view = z.object({
  id: text('Id'),
  sizeBytes: long('Size').optional(),
  crossZones: bool('All', { wireName: 'crossZones' }),
  created: date('When'),
  nic: list('Interfaces', z.object({ macAddress: text('MAC'), seen: date('When').optional() })),
});

describe('renderObject', () => {
  it('lower-cases names, keeps declared ones, converts dates at any depth and drops what is not declared', () => {
    const value = {
      id: 'a',
      crossZones: false,
      created: '2021-10-02T17:44:42.123Z',
      nic: [{ macAddress: 'm', seen: '2021-10-02T17:44:42.000Z' }],
      hidden: 1,
    };
    expect(renderObject(view, value)).toEqual({
      id: 'a',
      crossZones: false,
      created: '2021-10-02T17:44:42+0000',
      nic: [{ macaddress: 'm', seen: '2021-10-02T17:44:42+0000' }],
    });
  });
  it('keeps dates in UTC', () => expect(cloudStackDate('2021-10-02T19:44:42+02:00')).toBe('2021-10-02T17:44:42+0000'));
});

describe('envelopes', () => {
  it('have the command in lower case', () => expect(envelopeName('listZones')).toBe('listzonesresponse'));
  it('of empty lists are empty', () => expect(listBody('zone', [], 0)).toEqual({}));
  it('of a page past the end keep the total', () => expect(listBody('zone', [], 3)).toEqual({ count: 3 }));
  it('of errors carry the codes', () => {
    const error = new DurastackError('NOT_FOUND', 'gone', { details: { parameter: 'id', id: 'x' } });
    expect(errorBody(error)).toEqual({
      uuidList: [{ uuid: 'x', description: 'id' }],
      errorcode: 431,
      cserrorcode: 4350,
      errortext: 'gone',
    });
  });
});

describe('renderXml', () => {
  it('writes one element for each key and each item', () => {
    expect(
      renderXml('listzonesresponse', {
        count: 2,
        zone: [
          { id: 'a', tags: [] },
          { id: '<b>&', on: true },
        ],
      }),
    ).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><listzonesresponse><count>2</count><zone><id>a</id></zone><zone><id>&lt;b&gt;&amp;</id><on>true</on></zone></listzonesresponse>',
    );
  });
  it('writes an empty element for an empty list, and replaces what XML cannot carry', () => {
    expect(renderXml('listzonesresponse', {})).toContain('<listzonesresponse/>');
    expect(renderXml('x', { a: 'b\u0000c', 'odd name': 1 })).toContain('<a>b\uFFFDc</a><entry>1</entry>');
  });
});
