/** Alerts that people and tools raise, and the kinds of alerts. */
import { transaction } from '@durastack/store/database/transaction';
import { ALERT_TYPES, clearAlerts, raiseAlert } from '@durastack/store/doctor/alerts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makePlace, type Place } from '../testing/fixture.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let place: Place;
beforeAll(async () => {
  t = await startTestApi();
  place = await makePlace(t);
});
beforeEach(() => t.db.source.query('DELETE FROM alert'));
afterAll(() => t.stop());

const FAN = { type: '99', name: 'ACME.FAN', description: 'The fan of rack 7 is loud' };

const listed = async (params: Record<string, string> = {}): Promise<Row[]> =>
  ((await t.call('listAlerts', params)).body['alert'] ?? []) as Row[];
const errorOf = async (params: Record<string, string>) => {
  const { status, body } = await t.call('generateAlert', params);
  return `${status} ${String(body['errortext'] ?? '')}`;
};

describe('generateAlert', () => {
  it('raises an alert, each time that it is called', async () => {
    const jobid = await t.ok<string>('generateAlert', FAN);
    expect(await t.ok('queryAsyncJobResult', { jobid })).toMatchObject({ jobstatus: 1, jobresult: { success: true } });
    await t.ok('generateAlert', FAN);
    const seen = { type: 99, name: FAN.name, description: FAN.description };
    expect(await listed()).toMatchObject([seen, seen]);
    expect(await listed({ type: '99', keyword: 'rack 7' })).toHaveLength(2);
  });

  it('is a kind of this cloud by its number and name, written as it is there', async () => {
    await t.ok('generateAlert', { ...FAN, type: '7', name: 'alert.compute.host' });
    expect(await listed()).toMatchObject([{ type: 7, name: 'ALERT.COMPUTE.HOST' }]);
    for (const half of [
      { type: '7', name: FAN.name },
      { type: '99', name: 'ALERT.COMPUTE.HOST' },
    ])
      expect(await errorOf({ ...FAN, ...half })).toContain('alerts of type 7 are named ALERT.COMPUTE.HOST');
    expect(await listed()).toHaveLength(1);
  });

  it('says which zone or pod it is about, when that is there', async () => {
    const other = await makePlace(t);
    await t.ok('generateAlert', { ...FAN, zoneid: place.zoneId });
    await t.ok('generateAlert', { ...FAN, zoneid: place.zoneId, podid: place.podId });
    const about = 'SELECT resource_type AS type, resource_id AS id FROM alert ORDER BY resource_type';
    const rows = [
      { type: 'pod', id: place.podId },
      { type: 'zone', id: place.zoneId },
    ];
    expect(await t.db.source.query(about)).toEqual(rows);
    const wrongs: Record<string, Record<string, string>> = {
      zoneid: { zoneid: place.podId },
      podid: { zoneid: place.zoneId, podid: other.podId },
    };
    for (const [parameter, wrong] of Object.entries(wrongs))
      expect(await errorOf({ ...FAN, ...wrong })).toMatch(new RegExp(`^431 Invalid parameter ${parameter} value=`));
    expect(await t.db.source.query(about)).toEqual(rows);
  });

  it('is refused without what there is to look at', async () => {
    for (const blank of [{ name: ' ' }, { description: ' ' }])
      expect(await errorOf({ ...FAN, ...blank })).toMatch(/^431 (name|description) is empty/);
    expect(await errorOf({ ...FAN, type: '-1' })).toMatch(/^431 /);
    expect(await listed()).toEqual([]);
  });

  it('is nothing that the doctor clears: people archive and delete it', async () => {
    await t.ok('generateAlert', FAN);
    const reason = { key: 'a', resource: { type: 'host', id: place.hostId }, description: 'gone soon' };
    await transaction(t.db.source, (tx) => raiseAlert(tx, reason));
    expect(await listed()).toHaveLength(2);
    await transaction(t.db.source, (tx) => clearAlerts(tx, []));
    expect(await listed()).toMatchObject([{ name: FAN.name }]);
    await t.ok('archiveAlerts', { type: '99' });
    expect(await listed()).toEqual([]);
  });

  it('of REST too', async () => {
    const { type, ...texts } = FAN;
    const reply = await t.api.server.inject({
      ...{ method: 'POST', url: '/api/v1/alerts', payload: { ...texts, type: Number(type) } },
      headers: { authorization: `Bearer ${t.admin.apiKey}:${t.admin.secretKey}` },
    });
    expect([reply.statusCode, reply.body]).toEqual([204, '']);
    expect(await listed()).toHaveLength(1);
  });
});

describe('listAlertTypes', () => {
  it('gives the kinds that are raised here', async () => {
    const { body } = await t.call('listAlertTypes');
    const kinds = Object.values(ALERT_TYPES);
    expect(body).toEqual({ count: kinds.length, alerttype: kinds });
    expect(await t.ok('listAlertTypes', { keyword: 'uservm' })).toEqual([{ type: 8, name: 'ALERT.USERVM' }]);
  });
});
