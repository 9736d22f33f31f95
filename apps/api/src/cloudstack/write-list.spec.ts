/** Lists written at once: the same as objects that are rendered, for every kind of value. */
import { bool, date, float, int, list, long, object, text, uuid } from '@durastack/contracts/fields';
import type { ListView } from '@durastack/store/lists/engine/define-list';
import type { RawItem, RawPage } from '@durastack/store/lists/engine/run-list';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { writeList } from './write-list.js';

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

function page(item: Partial<RawItem> = {}, more: Partial<RawPage> = {}): RawPage {
  return {
    items: [{ row, computed: undefined, ...item }],
    hidden: new Set(),
    rest: Promise.resolve({ children: [], count: 1 }),
    ...more,
  };
}

const written = async (raw: RawPage) =>
  JSON.parse((await writeList('thing', view, raw)).text) as Record<string, unknown>;
const PLAIN = {
  ...{ id: 'a', displayname: 'n', isOn: true, count: 3, size: 4, share: 0.5, created: '1970-01-01T00:00:00+0000' },
  hostname: 'h1',
};

describe('a list written at once', () => {
  it('has each column in the JSON kind of its field', async () => {
    expect(await written(page())).toEqual({ count: 1, thing: [PLAIN] });
  });

  it('leaves out what is null, and what the viewer does not see', async () => {
    const { hostname: _hidden, size: _null, ...shown } = PLAIN;
    const item = { row: { ...row, size: null }, computed: { ipAddress: '10.0.0.1', kind: undefined } };
    const raw = page(item, { hidden: new Set(['hostName', 'ipAddress']) });
    expect(await written(raw)).toEqual({ count: 1, thing: [shown] });
  });

  it('has what is computed, objects and children under the names of the wire', async () => {
    const computed = { kind: 'K', seen: '2021-10-02T17:44:42.123Z', ha: { haState: 'Up' }, unknown: 1 };
    const children = [{ nic: [{ macAddress: 'm' }], ipAddress: '10.0.0.1' }];
    const raw = page({ computed }, { rest: Promise.resolve({ children, count: 7 }) });
    const more = { kind: 'K', seen: '2021-10-02T17:44:42+0000', ha: { hastate: 'Up' }, nic: [{ macaddress: 'm' }] };
    expect(await written(raw)).toEqual({ count: 7, thing: [{ ...PLAIN, ...more, ipaddress: '10.0.0.1' }] });
  });

  it.each(['"', '\\', 'a\nb', '\u0000', '\u2028', 'ä€😀', '\ud800', '</script>'])('keeps %j', async (name) => {
    const found = await written(page({ row: { ...row, displayName: name } }));
    expect(found['thing']).toEqual([{ ...PLAIN, displayname: name }]);
  });

  it('of nothing is empty, and past the end has the total', async () => {
    const none = (count: number) => page({}, { items: [], rest: Promise.resolve({ children: [], count }) });
    expect(await written(none(0))).toEqual({});
    expect(await written(none(9))).toEqual({ count: 9 });
  });
});
