import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

let t: TestApi;
let alice: TestAccount;
let belongings: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  alice = await t.account('alice');
  belongings = await makeBelongings(t, await makePlace(t), alice);
});
afterAll(() => t.stop());

const set = (direction: string) =>
  t.db.source.query(
    "UPDATE operation SET state = 'needs-attention', direction = ?, decision = NULL, error_code = 'UNDO_FAILED', error_message = 'm', error_step = 'S' WHERE id = ?",
    [direction, belongings.operationId],
  );
const stateNow = async () =>
  (
    (await t.db.source.query('SELECT state FROM operation WHERE id = ?', [belongings.operationId])) as [
      { state: string },
    ]
  )[0].state;
beforeEach(() => set('undoing'));

describe.each([
  ['retryOperation', 'granted'],
  ['undoOperation', 'granted'],
  ['giveUpOperation', 'failed'],
])('%s', (command, state) => {
  it('is the root administrator’s, is listed for no one else, and may be repeated', async () => {
    const id = belongings.operationId;
    expect((await t.call(command, { id }, alice.keys)).status).toBe(432);
    expect(await stateNow()).toBe('needs-attention');
    const listed = async (keys?: TestAccount['keys']) =>
      (await t.call('listApis', { name: command }, keys)).body['count'];
    expect([await listed(alice.keys), await listed()]).toEqual([undefined, 1]);
    for (let time = 0; time < 2; time += 1)
      expect((await t.call(command, { id })).body).toMatchObject({ success: 'true' });
    expect(await stateNow()).toBe(state);
    const events = (await t.db.source.query('SELECT type FROM event WHERE resource_id = ? AND type LIKE ?', [
      id,
      'OPERATION.%',
    ])) as unknown[];
    expect(events.length).toBeGreaterThan(0);
  });

  it('names an operation that does not exist in the words that clients know', async () => {
    const answer = await t.call(command, { id: '01a1fd14-0000-7000-8000-000000000000' });
    expect([answer.status, String(answer.body['errortext'])]).toEqual([
      431,
      expect.stringContaining('Invalid parameter id'),
    ]);
  });
});

it('an undo past the point of no return is refused with the reason', async () => {
  await set('past-pivot');
  const answer = await t.call('undoOperation', { id: belongings.operationId });
  expect(answer.status).toBe(431);
  expect(answer.body['errortext']).toMatch(/where there is no way back. Retry it, or give it up/);
});
