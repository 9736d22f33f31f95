/**
 * Hosts learn of each other: real handlers, activities and agents, simulated hosts. What tunnels do with that is judged
 * on real switches (libs/drivers/src/openvswitch/vxlan.spec.ts).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHostTeller, tellHostsOf } from '@durastack/activities/network/tell-hosts';
import { CreateNetworkHandler } from '@durastack/api/network/create-network.command';
import { DeleteNetworkHandler } from '@durastack/api/network/delete-network.command';
import { AddHostHandler } from '@durastack/api/infra/add-host.command';
import { DeleteHostHandler } from '@durastack/api/infra/delete-host.command';
import { UpdateHostHandler } from '@durastack/api/infra/update-host.command';
import type { VxlanSpec } from '@durastack/contracts/agent/specs';
import { SHARED_VXLAN_OFFERING_ID } from '@durastack/contracts/network/network-offerings';
import { transaction } from '@durastack/store/database/transaction';
import { distrustAll } from '@durastack/store/network/fabric';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deployed, expunge, makeGround, only, settle, type Ground } from '../crash/ground.js';
import { startMatrixWorld, type MatrixWorld } from '../crash/matrix-world.js';
import { loadStepLists } from '../support/workflows.js';

let world: MatrixWorld;
let ground: Ground;
let one: string;
let other: string;
let networkId: string;
let nets = 0;

beforeAll(async () => {
  world = await startMatrixWorld();
  ground = await makeGround(world, await loadStepLists());
  const [first, second] = ground.hostIds;
  one = first ?? expect.fail('There is no host');
  other = second ?? expect.fail('There is no second host');
});
afterAll(() => world?.stop());
beforeEach(async () => {
  nets += 1;
  const net = `10.200.${nets}`;
  const { id } = await new CreateNetworkHandler(world.platform).execute(world.call, {
    ...{ zoneId: ground.zoneId, networkOfferingId: SHARED_VXLAN_OFFERING_ID, name: `spanning${nets}` },
    ...{ gateway: `${net}.1`, netmask: '255.255.255.0', startIp: `${net}.2`, endIp: `${net}.250` },
  });
  networkId = id;
});

/** A machine on a host; its id. */
const machineOn = (id: string): Promise<string> =>
  only(ground, { table: 'host', id }, () => deployed({ ...ground, networkId }));

/** What a host was told of the network; undefined where it does not have it. */
function told(hostId: string): VxlanSpec | undefined {
  const text = readFileSync(join(world.simulatorDirectory, `${hostId}.json`), 'utf8');
  const host = JSON.parse(text) as { networks: Record<string, { vxlan?: VxlanSpec }> };
  return host.networks[networkId]?.vxlan;
}

async function addressOf(hostId: string): Promise<string> {
  const [row] = await world.db.query<{ ip: string }>('SELECT ip_address AS ip FROM host WHERE id = ?', [hostId]);
  return row?.ip ?? expect.fail(`Host ${hostId} has no address`);
}

async function staleHosts(): Promise<string[]> {
  const rows = await world.db.query<{ id: string }>(
    'SELECT host_id AS id FROM network_on_host WHERE network_id = ? AND is_stale = 1',
    [networkId],
  );
  return rows.map(({ id }) => id);
}

async function round(): Promise<void> {
  expect(await createHostTeller(world.database.source, world.agents).round()).toEqual([]);
}

describe('hosts of a VXLAN network', () => {
  it('know of each other when each has it: the newcomer at once, the others when they are told', async () => {
    await machineOn(one);
    expect(told(one)).toMatchObject({ localAddress: await addressOf(one), peers: [] });
    await machineOn(other);
    expect(told(other)).toMatchObject({ localAddress: await addressOf(other), peers: [await addressOf(one)] });
    expect(told(one)?.peers).toEqual([]);
    await round();
    expect(told(one)?.peers).toEqual([await addressOf(other)]);
    expect(await staleHosts()).toEqual([]);
  });

  it('are told before a step goes on that asks for it', async () => {
    await machineOn(one);
    const vmId = await machineOn(other);
    await tellHostsOf(world.database.source, world.agents, vmId);
    expect(told(one)?.peers).toEqual([await addressOf(other)]);
    expect(await staleHosts()).toEqual([]);
  });

  it('follow a tunnel that starts elsewhere', async () => {
    for (const host of [one, other]) await machineOn(host);
    const update = (tunnelAddress: string) =>
      new UpdateHostHandler(world.platform).execute(world.call, { id: one, tunnelAddress });
    expect((await update('192.0.2.77')).details).toMatchObject({ tunneladdress: '192.0.2.77' });
    await expect(
      new UpdateHostHandler(world.platform).execute(world.call, { id: other, tunnelAddress: '192.0.2.77' }),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
    await round();
    expect(told(one)?.localAddress).toBe('192.0.2.77');
    expect(told(other)?.peers).toEqual(['192.0.2.77']);
    await update('');
    await round();
    expect(told(other)?.peers).toEqual([await addressOf(one)]);
  });

  it('know a host that comes by its tunnel address, and no host that was removed', async () => {
    await machineOn(one);
    const { platform, call } = world;
    const params = { zoneId: ground.zoneId, podId: ground.podId, clusterId: ground.clusterId, hypervisor: 'Simulator' };
    const add = { ...params, ...world.hostParams(), tunnelAddress: '192.0.2.88' };
    const third = await settle(ground, 'addHost', await new AddHostHandler(platform).execute(call, add));
    const vmId = await machineOn(third);
    expect(told(third)).toMatchObject({ localAddress: '192.0.2.88', peers: [await addressOf(one)] });
    await round();
    expect(told(one)?.peers).toEqual(['192.0.2.88']);
    await expunge(ground, vmId);
    await settle(ground, 'deleteHost', await new DeleteHostHandler(platform).execute(call, { id: third }));
    await round();
    expect(told(one)?.peers).toEqual([]);
  });

  it('hold up nobody while they are down, and are told when they are back', async () => {
    await machineOn(one);
    const [before] = await world.db.query<{ url: string }>('SELECT agent_url AS url FROM host WHERE id = ?', [one]);
    await world.db.execute("UPDATE host SET agent_url = 'https://127.0.0.1:9' WHERE id = ?", [one]);
    await machineOn(other);
    await round();
    expect(await staleHosts()).toEqual([one]);
    await world.db.execute('UPDATE host SET agent_url = ? WHERE id = ?', [before?.url, one]);
    await round();
    expect(told(one)?.peers).toEqual([await addressOf(other)]);
    expect(await staleHosts()).toEqual([]);
  });

  it('keep what is newer, whoever brings what is older', async () => {
    await machineOn(one);
    await machineOn(other);
    await round();
    const newest = told(one);
    const [host] = await world.db.query<{ id: string; url: string }>(
      'SELECT id, agent_url AS url FROM host WHERE id = ?',
      [one],
    );
    const spec = JSON.parse(readFileSync(join(world.simulatorDirectory, `${one}.json`), 'utf8')) as {
      networks: Record<string, Parameters<typeof world.agents.client.call<'ensureNetwork'>>[2]['network']>;
    };
    const network = spec.networks[networkId] ?? expect.fail('The host does not have the network');
    const older = { ...network, vxlan: { ...network.vxlan!, revision: 0, peers: [] } };
    const token = { controlEpoch: 1, generation: 1_000_000, step: 0 };
    await world.agents.client.call(host!, 'ensureNetwork', { network: older }, { token });
    expect(told(one)).toEqual(newest);
  });

  it('believe a restored database, which has counted less than they were told', async () => {
    for (const host of [one, other]) await machineOn(host);
    await round();
    const before = told(one)?.revision ?? 0;
    await world.db.execute('UPDATE network SET fabric_revision = 0 WHERE id = ?', [networkId]);
    await world.db.execute("UPDATE setting SET value = value + 1 WHERE name = 'control-epoch'");
    await transaction(world.database.source, distrustAll);
    // Every network is told anew, and a round takes no longer than a second.
    while ((await staleHosts()).length > 0) await round();
    expect(told(one)?.revision).toBeGreaterThan(before);
    expect(await staleHosts()).toEqual([]);
  });

  it('forget it when it is deleted, and its VNI is free again', async () => {
    const machines = [await machineOn(one), await machineOn(other)];
    for (const id of machines) await expunge(ground, id);
    const { platform, call } = world;
    await settle(ground, 'deleteNetwork', await new DeleteNetworkHandler(platform).execute(call, { id: networkId }));
    await round();
    expect([told(one), told(other)]).toEqual([undefined, undefined]);
    expect(await world.db.query('SELECT vni FROM network WHERE id = ?', [networkId])).toEqual([{ vni: null }]);
  });
});
