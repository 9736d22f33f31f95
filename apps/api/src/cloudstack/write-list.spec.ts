/** Lists written at once: the same as objects that are rendered, for every kind of value. */
import { bool, date, float, int, list, long, object, text, uuid } from '@durastack/contracts/fields';
import type { ListView } from '@durastack/store/lists/engine/define-list';
import type { RawItem } from '@durastack/store/lists/engine/run-list';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ListWriter } from './write-list.js';

const fields = z.object({
  id: uuid('Id'),
  displayName: text('Name').optional(),
  isOn: bool('On', { wireName: 'isOn' }),
  count: int('Count'),
  size: long('Size').optional(),
  share: float('Share'),
  created: date('When'),
  kind: text('Kind').optional(),
  seen: date('When').optional(),
  ha: object('HA', { haState: text('State') }).optional(),
  nic: list('Interfaces', z.object({ macAddress: text('MAC') })),
  ipAddress: text('Address').optional(),
  hostName: text('Host').optional(),
});

const view = {
  command: { result: fields },
  columns: {
    id: 'b.id',
    displayName: 'b.n',
    isOn: 'b.o',
    count: 'b.c',
    size: 'b.s',
    share: 'b.x',
    created: 'b.t',
    hostName: 'h',
  },
} as unknown as ListView;

const row = {
  id: 'a',
  displayName: 'n',
  isOn: 1,
  count: '3',
  size: 4,
  share: 0.5,
  created: new Date(0),
  hostName: 'h1',
};

interface Page {
  readonly item?: Partial<RawItem>;
  readonly items?: number;
  readonly hidden?: readonly string[];
  readonly below?: Readonly<Record<string, unknown>>[];
  readonly count?: number;
}

function written({ item = {}, items = 1, hidden = [], below = [], count = items }: Page = {}): Record<string, unknown> {
  const writer = new ListWriter(view, new Set(hidden));
  for (let index = 0; index < items; index += 1) writer.add({ row, computed: undefined, ...item });
  const body = writer.end('thing', { below: (index) => below[index] ?? {}, count });
  return JSON.parse(Buffer.concat(body.pieces()).toString()) as Record<string, unknown>;
}

const PLAIN = {
  ...{ id: 'a', displayname: 'n', isOn: true, count: 3, size: 4, share: 0.5, created: '1970-01-01T00:00:00+0000' },
  hostname: 'h1',
};

describe('a list written at once', () => {
  it('has each column in the JSON kind of its field', () => {
    expect(written()).toEqual({ count: 1, thing: [PLAIN] });
  });

  it('leaves out what is null, and what the viewer does not see', () => {
    const { hostname: _hidden, size: _null, ...shown } = PLAIN;
    const item = { row: { ...row, size: null }, computed: { ipAddress: '10.0.0.1', kind: undefined } };
    expect(written({ item, hidden: ['hostName', 'ipAddress'] })).toEqual({ count: 1, thing: [shown] });
  });

  it('has what is computed, objects and children under the names of the wire', () => {
    const computed = { kind: 'K', seen: '2021-10-02T17:44:42.123Z', ha: { haState: 'Up' }, unknown: 1 };
    const below = [{ nic: [{ macAddress: 'm' }], ipAddress: '10.0.0.1' }];
    const more = { kind: 'K', seen: '2021-10-02T17:44:42+0000', ha: { hastate: 'Up' }, nic: [{ macaddress: 'm' }] };
    const found = written({ item: { computed }, below, count: 7 });
    expect(found).toEqual({ count: 7, thing: [{ ...PLAIN, ...more, ipaddress: '10.0.0.1' }] });
  });

  it('has nothing in an item of which nothing is seen', () => {
    const hidden = Object.keys(view.columns);
    expect(written({ items: 2, hidden })).toEqual({ count: 2, thing: [{}, {}] });
    const below = [{ ipAddress: '10.0.0.1' }];
    expect(written({ hidden, below })).toEqual({ count: 1, thing: [{ ipaddress: '10.0.0.1' }] });
  });

  it.each(['"', '\\', 'a\nb', '\u0000', '\u2028', 'ä€😀', '\ud800', '</script>'])('keeps %j', (name) => {
    const found = written({ item: { row: { ...row, displayName: name } } });
    expect(found['thing']).toEqual([{ ...PLAIN, displayname: name }]);
  });

  it('keeps thousands, each with what lies below it', () => {
    const item = { row: { ...row, displayName: '€'.repeat(50) } };
    const below = Array.from({ length: 5_000 }, (_, index) => ({ ipAddress: `10.0.0.${index}` }));
    const found = written({ item, items: 5_000, below });
    const expected = below.map(({ ipAddress }) => ({ ...PLAIN, displayname: '€'.repeat(50), ipaddress: ipAddress }));
    expect(found).toEqual({ count: 5_000, thing: expected });
  });

  it('of nothing is empty, past the end has the total, and has no total below what it holds', () => {
    expect(written({ items: 0 })).toEqual({});
    expect(written({ items: 0, count: 9 })).toEqual({ count: 9 });
    expect(written({ count: 0 })).toEqual({ count: 1, thing: [PLAIN] });
  });
});
