/** Management controllers by real IPMI and Redfish: the drivers, and the operations on them as the control plane runs them. */
import { ChangeOutOfBandManagementPasswordHandler } from '@durastack/api/infra/change-out-of-band-management-password.command';
import { ConfigureOutOfBandManagementHandler } from '@durastack/api/infra/configure-out-of-band-management.command';
import { DisableOutOfBandManagementForClusterHandler } from '@durastack/api/infra/disable-out-of-band-management-for-cluster.command';
import { EnableOutOfBandManagementForClusterHandler } from '@durastack/api/infra/enable-out-of-band-management-for-cluster.command';
import { EnableOutOfBandManagementForHostHandler } from '@durastack/api/infra/enable-out-of-band-management-for-host.command';
import { IssueOutOfBandManagementPowerActionHandler } from '@durastack/api/infra/issue-out-of-band-management-power-action.command';
import type { ControllerLogin, PowerAction } from '@durastack/contracts/infra/power-controller';
import { createPowerControllers } from '@durastack/drivers/power-controllers';
import { readOne } from '@durastack/store/lists/engine/run-list';
import { hosts } from '@durastack/store/lists/infra/hosts.list';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addHost, makePlace, settle, type Place, type Started } from '../crash/ground.js';
import { startMatrixWorld, type MatrixWorld } from '../crash/matrix-world.js';
import { runToEnd } from '../crash/plain-runtime.js';
import { freePort } from '../support/free-port.js';
import { loadStepLists } from '../support/workflows.js';
import { PASSWORD, startIpmi, startRedfish, type TestController, type TestRedfish } from './controllers.js';

const drivers = createPowerControllers();
let redfish: TestRedfish;
let ipmi: TestController;
beforeAll(async () => {
  [redfish, ipmi] = await Promise.all([startRedfish(), startIpmi()]);
});
afterAll(() => Promise.all([redfish?.stop(), ipmi?.stop()]));

describe.each(['redfish', 'ipmitool'] as const)('%s', (name) => {
  const controller = (): TestController => (name === 'redfish' ? redfish : ipmi);

  it('reads and switches the power', async () => {
    const { login } = controller();
    controller().set('On');
    expect(await drivers.read(login)).toBe('On');
    await drivers.change(login, 'OFF');
    expect([controller().power(), await drivers.read(login)]).toEqual(['Off', 'Off']);
    await drivers.change(login, 'ON');
    expect(await drivers.read(login)).toBe('On');
    await drivers.change(login, 'RESET');
    expect(await drivers.read(login)).toBe('On');
  });

  it('tells a wrong password from a controller that is not there', async () => {
    const { login } = controller();
    await expect(drivers.read({ ...login, password: 'wrong' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(drivers.read({ ...login, username: 'nobody' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    // IPMI takes its time for that; it is seen once, below.
    if (name === 'ipmitool') return;
    const port = await freePort();
    await expect(drivers.read({ ...login, port })).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  it('changes the password, and back', async () => {
    const { login } = controller();
    await drivers.changePassword(login, 'another-1');
    const changed = { ...login, password: 'another-1' };
    expect(await drivers.read(changed)).toMatch(/On|Off/);
    await expect(drivers.read(login)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await drivers.changePassword(changed, PASSWORD);
    expect(await drivers.read(login)).toMatch(/On|Off/);
  });
});

it('ipmitool is not handed a password that it would take apart', async () => {
  for (const password of ['two words', 'quote"quote', 'x'.repeat(21), 'a\nchassis power off'])
    await expect(drivers.changePassword(ipmi.login, password)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

it('a Redfish controller with another certificate is sent nothing, and the certificate is named', async () => {
  const { fingerprint, ...unpinned } = redfish.login;
  const wrong = { ...unpinned, fingerprint: 'ab'.repeat(32) };
  for (const login of [unpinned, wrong] as ControllerLogin[])
    await expect(drivers.read(login)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining(String(fingerprint)) as string,
    });
});

it('a driver that the controller does not speak ends in an error, in time', async () => {
  const { fingerprint: _, ...login } = redfish.login;
  await expect(drivers.read({ ...login, driver: 'ipmitool' })).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  await expect(drivers.read({ ...ipmi.login, driver: 'redfish' })).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
});

describe('operations', () => {
  const lists = loadStepLists();
  let world: MatrixWorld;
  let ground: Place;
  let hostId: string;
  beforeAll(async () => {
    world = await startMatrixWorld();
    ground = { world, workflows: await lists, ...(await makePlace(world)) };
    hostId = await settle(ground, 'addHost', await addHost(ground));
  });
  afterAll(() => world?.stop());

  const configure = (login: ControllerLogin) =>
    new ConfigureOutOfBandManagementHandler(world.platform).execute(world.call, { hostId, ...login });
  const enable = () => new EnableOutOfBandManagementForHostHandler(world.platform).execute(world.call, { hostId });
  const ask = (action: PowerAction, timeout?: number): Promise<Started> =>
    new IssueOutOfBandManagementPowerActionHandler(world.platform).execute(world.call, {
      hostId,
      action,
      ...(timeout === undefined ? {} : { timeout }),
    });
  const finish = async (kind: string, { operationId }: Started) => {
    const state = await runToEnd(world, { kind, workflows: await lists }, operationId);
    const [row] = await world.db.query<{ result: string | null; error: string | null }>(
      'SELECT result_json AS result, error_message AS error FROM operation WHERE id = ?',
      [operationId],
    );
    return { state, error: row?.error, result: row?.result ? (JSON.parse(row.result) as Record<string, unknown>) : {} };
  };
  const act = async (action: PowerAction, timeout?: number) =>
    finish('issueOutOfBandManagementPowerAction', await ask(action, timeout));

  it('are refused until a controller is configured and enabled, for host and cluster', async () => {
    await expect(ask('STATUS')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(enable()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await configure(redfish.login)).toMatchObject({ enabled: false, powerState: 'Disabled' });
    await expect(ask('STATUS')).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
    expect(await enable()).toMatchObject({ enabled: true, powerState: 'Unknown' });
    const cluster = { clusterId: ground.clusterId };
    await new DisableOutOfBandManagementForClusterHandler(world.platform).execute(world.call, cluster);
    await expect(ask('STATUS')).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
    await new EnableOutOfBandManagementForClusterHandler(world.platform).execute(world.call, cluster);
  });

  it.each(['redfish', 'ipmitool'] as const)('switch by %s, and are shown with the host', async (name) => {
    const controller = name === 'redfish' ? redfish : ipmi;
    controller.set('On');
    await configure(controller.login);
    expect(await act('STATUS')).toMatchObject({ state: 'succeeded', result: { powerState: 'On', status: true } });
    expect(await act('OFF')).toMatchObject({ state: 'succeeded', result: { powerState: 'Off', action: 'OFF' } });
    expect(controller.power()).toBe('Off');
    expect(await act('RESET')).toMatchObject({ state: 'failed', error: expect.stringContaining('use ON') as string });
    expect(await act('ON')).toMatchObject({ state: 'succeeded', result: { powerState: 'On' } });
    const shown = await readOne(world.db, hosts, world.call.caller, hostId);
    expect(shown.outOfBandManagement).toEqual({
      ...{ hostId, powerState: 'On', enabled: true, driver: name, address: '127.0.0.1', action: 'ON' },
      ...{ port: String(controller.login.port), username: 'admin' },
    });
  });

  it('a controller that says yes and does nothing fails the action, saying what it shows', async () => {
    await configure(redfish.login);
    redfish.set('On');
    redfish.lies = true;
    const { state, error } = await act('OFF', 2);
    redfish.lies = false;
    expect([state, error]).toEqual(['failed', expect.stringMatching(/took OFF, but after 2 s it says On, not Off/)]);
  });

  it('a wrong password and a controller that is not there fail in time, with the reason', async () => {
    await configure({ ...redfish.login, password: 'wrong' });
    expect(await act('STATUS')).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('refuses the user') as string,
    });
    await configure({ ...redfish.login, port: await freePort() });
    expect(await act('OFF', 1)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('does not answer') as string,
    });
    await configure(redfish.login);
  });

  it('a host that is held off is not switched on', async () => {
    const fencing = await ask('STATUS');
    await world.db.execute(
      'INSERT INTO host_fence (host_id, operation_id, fence_epoch, is_held_off, created_at) VALUES (?, ?, 1, 1, NOW(3))',
      [hostId, fencing.operationId],
    );
    for (const action of ['ON', 'CYCLE', 'RESET'] as const)
      await expect(ask(action)).rejects.toMatchObject({ code: 'NOT_ALLOWED_IN_STATE' });
    // That operation has ended: nothing of before can come back.
    expect(await finish('issueOutOfBandManagementPowerAction', fencing)).toMatchObject({ state: 'succeeded' });
    expect(await act('ON')).toMatchObject({ state: 'succeeded' });
    await world.db.execute('DELETE FROM host_fence WHERE host_id = ?', [hostId]);
  });

  it('another action beside one that is under way is refused; the same one joins it', async () => {
    const first = await ask('SOFT');
    expect((await ask('SOFT')).operationId).toBe(first.operationId);
    await expect(ask('ON')).rejects.toMatchObject({ code: 'BUSY' });
    expect(await finish('issueOutOfBandManagementPowerAction', first)).toMatchObject({ state: 'succeeded' });
  });

  it('the password is changed there and here, and is written nowhere', async () => {
    const change = new ChangeOutOfBandManagementPasswordHandler(world.platform);
    const given = await change.execute(world.call, { hostId, password: 'hunter2-hunter2' });
    expect(await finish('changeOutOfBandManagementPassword', given)).toMatchObject({ state: 'succeeded' });
    const random = await change.execute(world.call, { hostId });
    expect(await finish('changeOutOfBandManagementPassword', random)).toMatchObject({ state: 'succeeded' });
    expect(await act('STATUS')).toMatchObject({ state: 'succeeded' });
    const rows = await world.db.query(
      'SELECT o.*, e.description FROM operation o LEFT JOIN event e ON e.operation_id = o.id',
    );
    const sealed = await world.db.query('SELECT * FROM out_of_band_management');
    for (const secret of ['hunter2', PASSWORD]) expect(JSON.stringify([rows, sealed])).not.toContain(secret);
  });

  it('a password that the controller does not take leaves the old one', async () => {
    await configure(ipmi.login);
    const change = new ChangeOutOfBandManagementPasswordHandler(world.platform);
    const refused = await change.execute(world.call, { hostId, password: 'this is too long for any IPMI' });
    expect(await finish('changeOutOfBandManagementPassword', refused)).toMatchObject({ state: 'failed' });
    expect(await act('STATUS')).toMatchObject({ state: 'succeeded' });
    const [row] = await world.db.query<{ next: string | null }>(
      'SELECT next_password_sealed AS next FROM out_of_band_management WHERE host_id = ?',
      [hostId],
    );
    expect(row?.next).toBeNull();
  });
});
