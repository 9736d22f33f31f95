/** Who gets in: what passwords must be, what becomes of logins that fail, and how long a session lasts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';

type Row = Record<string, unknown>;

let t: TestApi;
let alice: TestAccount;
beforeAll(async () => {
  t = await startTestApi();
  alice = await t.account('alice');
});
afterAll(() => t.stop());

const PASSWORD = 'secret-of-the-spec';
const set = (name: string, value: string) => t.ok('updateConfiguration', { name, value });
const errorOf = async (command: string, params: Record<string, string>, keys = t.admin) =>
  String((await t.call(command, params, keys)).body['errortext'] ?? '');
/** From an address of its own, so that only the user is judged. */
let addresses = 0;
async function login(username: string, password: string) {
  addresses += 1;
  return t.api.server.inject({
    method: 'POST',
    url: '/client/api',
    remoteAddress: `192.0.2.${addresses}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ command: 'login', response: 'json', username, password, domain: '/' }).toString(),
  });
}
const stateOf = async ({ userId }: TestAccount) => (await t.ok<Row[]>('listUsers', { id: userId }))[0]?.['state'];

describe('passwords', () => {
  it.each([
    ['password.policy.minimum.length', '12', 'Short-1', 'at least [12] characters, but it contains [7]'],
    ['password.policy.minimum.uppercase.letters', '2', 'Upper-case-1', 'at least [2] upper case letters'],
    ['password.policy.minimum.lowercase.letters', '3', 'LOW-er-1', 'at least [3] lower case letters'],
    ['password.policy.minimum.digits', '1', 'No-digits', 'at least [1] digits'],
    ['password.policy.minimum.special.characters', '1', 'Nothing1special', 'at least [1] special characters'],
    ['password.policy.allowPasswordToContainUsername', 'false', 'My-Alice-1', 'should not contain their username'],
    ['password.policy.regex', '[a-z ]+', 'Capital', 'does not match with password policy regex'],
  ])('obey %s', async (name, value, password, text) => {
    await set(name, value);
    try {
      const error = await errorOf('updateUser', { id: alice.userId, password });
      expect(error).toContain(text);
      expect(error).not.toContain(password);
      const person = { username: 'alice', firstname: 'a', lastname: 'b', email: 'a@example.org', password };
      expect(await errorOf('createAccount', { ...person, accounttype: '0' })).toContain(text);
      expect(await errorOf('createUser', { ...person, account: 'alice' })).toContain(text);
    } finally {
      await t.ok('resetConfiguration', { name });
    }
    expect(await errorOf('updateUser', { id: alice.userId, password })).toBe('');
  });

  it('policies are checked themselves', async () => {
    for (const [name, value] of [
      ['password.policy.minimum.digits', '-1'],
      ['password.policy.regex', '('],
      ['session.timeout', '0'],
      ['incorrect.login.attempts.allowed', 'many'],
      ['max.account.user.vms', '-2'],
      ['no.such.setting', '1'],
    ] as const)
      expect((await t.call('updateConfiguration', { name, value })).status, name).toBe(431);
  });
});

describe('logins that fail', () => {
  it('disable the user after so many in turn, until an administrator enables it', async () => {
    const bob = await t.account('bob');
    await set('incorrect.login.attempts.allowed', '3');
    for (const _ of [1, 2]) expect((await login('bob', 'wrong')).statusCode).toBe(401);
    expect((await login('bob', PASSWORD)).statusCode, 'that was none too many').toBe(200);
    for (const _ of [1, 2]) await login('bob', 'wrong');
    expect(await stateOf(bob)).toBe('enabled');
    await login('bob', 'wrong');
    expect(await stateOf(bob)).toBe('disabled');
    expect((await login('bob', PASSWORD)).statusCode, 'the right one is too late').toBe(401);
    expect((await t.call('listZones', {}, bob.keys)).status, 'nor are keys any good').toBe(401);
    await t.ok('enableUser', { id: bob.userId });
    expect((await login('bob', PASSWORD)).statusCode).toBe(200);
    await t.ok('resetConfiguration', { name: 'incorrect.login.attempts.allowed' });
  });

  it('do not lock out the first administrator, nor anybody when that is switched off', async () => {
    const carl = await t.account('carl');
    await set('incorrect.login.attempts.allowed', '1');
    await login('admin', 'wrong');
    expect(await t.ok<Row[]>('listUsers', { username: 'admin' })).toMatchObject([{ state: 'enabled' }]);
    await set('incorrect.login.attempts.allowed', '0');
    for (const _ of [1, 2, 3]) await login('carl', 'wrong');
    expect(await stateOf(carl)).toBe('enabled');
    await t.ok('resetConfiguration', { name: 'incorrect.login.attempts.allowed' });
  });
});

describe('sessions', () => {
  it('last as long as it was set when they began', async () => {
    const dora = await t.account('dora');
    await set('session.timeout', '2');
    const reply = await login('dora', PASSWORD);
    expect(reply.json<Record<string, Row>>()['loginresponse']).toMatchObject({ timeout: 120 });
    await t.ok('resetConfiguration', { name: 'session.timeout' });
    const [session] = (await t.db.source.query(
      'SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), expires_at) AS s FROM session WHERE user_id = ?',
      [dora.userId],
    )) as Row[];
    expect(Number(session?.['s'])).toBeGreaterThan(60);
    expect(Number(session?.['s'])).toBeLessThanOrEqual(120);
  });
});
