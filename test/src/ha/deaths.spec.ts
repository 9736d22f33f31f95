/**
 * A host dies in the middle of every type of operation, while three more wait for the same machine: every one of them
 * ends, HA goes first, and nothing is left over. Half of the calls that it was at have had their effect by then.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf, objectOf } from '../support/basis.js';
import { DeathGround, DEATHS, missingDeaths, type Asked } from './deaths.js';
import { HaCloud } from './ha-cloud.js';

const LIMIT_MS = 600_000;
const OPEN = "('queued', 'granted', 'running')";
/** The last one wants it on, so that HA cares. */
const THREE_MORE = ['rebootVirtualMachine', 'stopVirtualMachine', 'startVirtualMachine'] as const;

let ha: HaCloud;
let offerings: { small: string; large: string };
beforeAll(async () => {
  // A host that answers nothing for a while is given few operations: here it shall have all.
  ha = await HaCloud.start({ hosts: 4, settings: { DURASTACK_OPERATIONS_PER_SILENT_HOST: '32' } });
  await ha.db.execute('UPDATE template SET is_dynamically_scalable = 1 WHERE id = ?', [ha.basis.templateId]);
  const size = { displaytext: 'ha', cpuspeed: '500', offerha: 'true', dynamicscalingenabled: 'true' };
  const make = async (name: string, cpunumber: string, memory: string) =>
    objectOf(await ha.cloud.admin.call('createServiceOffering', { ...size, name, cpunumber, memory })).id;
  offerings = { small: await make('small', '1', '128'), large: await make('large', '2', '128') };
}, LIMIT_MS);
afterAll(() => ha?.stop());

const haState = async (hostId: string) => (await ha.of(hostId)).hastate;
const holds = new Map<string, string>();
const hold = async (rule: { hostId: string; point: string; verb?: string; times?: number }) => {
  const id = String((await ha.cloud.simulate('POST', '/faults', { ...rule, action: { kind: 'hold' } }))['id']);
  holds.set(id, rule.hostId);
  return id;
};
const heldBy = async (fault: string) => Number((await ha.cloud.simulate('GET', `/faults/${fault}`))['held']);

interface Line {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly error: string | null;
  readonly beganMs: number | null;
}

/** Everything that was asked of a machine after `seq`, in the order in which it began. */
const lineOf = (vmId: string, after: number) =>
  ha.db.query<Line>(
    `SELECT o.id, o.kind, o.state, o.error_code AS error, UNIX_TIMESTAMP(o.started_at) * 1000 AS beganMs FROM operation o
      WHERE o.seq > ? AND (o.resource_id = ? OR o.resource_id IN (SELECT id FROM volume WHERE vm_id = ?))
      ORDER BY o.started_at IS NULL, o.started_at, o.seq`,
    [after, vmId, vmId],
  );
const lastSeq = async () =>
  Number((await ha.db.query<{ seq: number }>('SELECT MAX(seq) AS seq FROM operation'))[0]?.seq);

/** An operation that can be asked for. */
interface Ready {
  readonly name: string;
  readonly heals: boolean;
  readonly asked: Asked;
}

/** An operation in the middle of a call, and three more behind it. */
interface Waiting {
  readonly name: string;
  readonly heals: boolean;
  readonly vmId: string;
}

/** Everything is there that is needed; nothing was asked for yet. */
async function prepared(hostId: string, otherHostId: string): Promise<Ready[]> {
  const ground = new DeathGround(ha.cloud, ha.basis, hostId, otherHostId, offerings);
  const all = Object.entries(DEATHS).map(async ([name, { prepare, heals }]) => ({
    ...{ name, heals, asked: await prepare(ground) },
  }));
  return Promise.all(all);
}

/**
 * Brings every type of operation to a call to the host, where it is held, one half before the effect of the call and the
 * other after it; and asks for three more of each machine.
 */
async function bringToCall(ready: readonly Ready[], hostId: string): Promise<Waiting[]> {
  const faults = [await hold({ hostId, point: 'before-effect', times: Math.floor(ready.length / 2) })];
  faults.push(await hold({ hostId, point: 'after-effect' }));
  const lines: Waiting[] = [];
  for (const { name, heals, asked } of ready) {
    const { id, jobid } = await ha.cloud.admin.call(asked.command, asked.params);
    const began = () =>
      ha.db.query("SELECT 1 FROM operation WHERE id = ? AND state = 'running' AND step_token > 0", [String(jobid)]);
    await eventually(`${name} being at a call to the host`, async () => (await began()).length > 0);
    lines.push({ name, heals, vmId: asked.vmId ?? String(id) });
  }
  const held = async () => (await Promise.all(faults.map(heldBy))).reduce((sum, count) => sum + count, 0);
  await eventually('most of them being held', async () => (await held()) >= ready.length / 2);
  for (const { vmId } of lines) await askForThreeMore(vmId);
  return lines;
}

async function askForThreeMore(id: string): Promise<void> {
  await ha.cloud.admin.call('rebootVirtualMachine', { id, forced: 'true' });
  await ha.cloud.admin.call('stopVirtualMachine', { id, forced: 'true' });
  await ha.cloud.admin.call('startVirtualMachine', { id });
}

/** It loses its power, and is being fenced. */
async function die(id: string): Promise<void> {
  await ha.setPower(id, false);
  // What was held has died with it; once it is back nothing is to be held.
  for (const [fault, hostId] of holds) if (hostId === id) await ha.cloud.simulate('DELETE', `/faults/${fault}`);
  await eventually('it being fenced', async () => ['Fencing', 'Fenced'].includes(await haState(id)), LIMIT_MS);
}

/** For what nothing else can prove dead. */
async function declareLost(id: string): Promise<void> {
  if ((await haState(id)) === 'Fencing') await ha.cloud.admin.call('declareHostLost', { id });
}

/** Machines that are proven dead are started elsewhere while others still wait for a proof. */
async function untilProvenRunElsewhere(id: string): Promise<void> {
  const done = async () => {
    const proven = await ha.db.query<{ settled: number }>(
      'SELECT settled FROM lost_machine WHERE host_id = ? AND proven_at IS NOT NULL',
      [id],
    );
    return proven.length > 0 && proven.every(({ settled }) => Number(settled) === 1);
  };
  await eventually('what is proven dead being started elsewhere', done, LIMIT_MS / 3);
}

async function untilEnded(after: number): Promise<void> {
  const open = () =>
    ha.db.query<{ what: string }>(
      `SELECT CONCAT(kind, ' ', state, ' ', direction, ' ', COALESCE(step_title, ''), ': ', COALESCE(step_detail, '')) AS what FROM operation WHERE seq > ? AND state IN ${OPEN}`,
      [after],
    );
  await eventually('the end of all', async () => (await open()).length === 0, LIMIT_MS / 2).catch(async () => {
    expect(await open()).toEqual([]);
  });
}

it('every type of operation on a machine meets the death of a host', async () => {
  expect((await missingDeaths()).join('\n')).toBe('');
});

describe('a host that dies with every type of operation at a call to it', () => {
  let dead: string;
  let after: number;
  let lines: Waiting[];
  beforeAll(async () => {
    const [first, second] = ha.basis.hostIds as [string, string];
    dead = first;
    after = await lastSeq();
    lines = await bringToCall(await prepared(dead, second), dead);
    await die(dead);
    await untilProvenRunElsewhere(dead);
    await declareLost(dead);
    await untilEnded(after);
  }, LIMIT_MS);

  it('every operation ends, and HA goes before what waits', async () => {
    for (const { name, heals, vmId } of lines) {
      const line = await lineOf(vmId, after);
      const shown = `${name}: ${line.map(({ kind, state, error }) => `${kind} ${state} ${error ?? ''}`).join(', ')}`;
      const kinds = line.map(({ kind }) => kind);
      expect(
        line.map(({ state }) => state),
        shown,
      ).not.toContain('needs-attention');
      for (const kind of THREE_MORE) expect(kinds, shown).toContain(kind);
      if (!heals) continue;
      const healed = kinds.indexOf('failOverVirtualMachine');
      expect(healed, shown).toBeGreaterThan(-1);
      expect(line[healed]?.state, shown).toBe('succeeded');
      expect(healed, shown).toBeLessThan(kinds.lastIndexOf('rebootVirtualMachine'));
      expect(healed, shown).toBeLessThan(kinds.lastIndexOf('startVirtualMachine'));
    }
  });

  it('every machine is where it is recorded, and none is left as Running on a host that is dead', async () => {
    const machines = await ha.db.query<{ id: string; state: string; host: string | null }>(
      "SELECT id, state, host_id AS host FROM virtual_machine WHERE state <> 'Expunged'",
    );
    for (const { id, state, host } of machines) {
      expect(['Running', 'Stopped', 'Destroyed', 'Error'], `${id} is ${state}`).toContain(state);
      expect(host, `${id} is ${state}`).not.toBe(dead);
    }
    for (const { name, heals, vmId } of lines)
      if (heals)
        expect(
          machines.find(({ id }) => id === vmId),
          name,
        ).toMatchObject({ state: 'Running' });
  });

  it(
    'the host comes back clean, what was owed there done first',
    async () => {
      await ha.setPower(dead, true);
      await eventually('it being used again', async () => (await haState(dead)) === 'Available', LIMIT_MS);
      expect(await ha.machinesOn(dead)).toEqual({});
      expect(await ha.db.query('SELECT * FROM host_obligation')).toEqual([]);
      expect(await ha.inconsistencies()).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('the host on which HA starts a machine', () => {
  it(
    'dies, too: the machine is started on a third one, before what waits for it',
    async () => {
      const [, dying, next, third] = ha.basis.hostIds as [string, string, string, string];
      const allow = (ids: readonly string[]) =>
        ha.db.execute("UPDATE host SET allocation_state = IF(id IN (?), 'Enabled', 'Disabled')", [ids]);
      const ground = new DeathGround(ha.cloud, ha.basis, dying, third, offerings);
      const vmId = await ground.running();
      const after = await lastSeq();
      await allow([next]);
      await hold({ hostId: next, point: 'after-effect', verb: 'ensureVmRunning' });
      await die(dying);
      await declareLost(dying);
      const held = () =>
        ha.db.query("SELECT 1 FROM virtual_machine WHERE id = ? AND state = 'Starting' AND host_id = ?", [vmId, next]);
      await eventually('it being started on the next one', async () => (await held()).length === 1, LIMIT_MS);
      await askForThreeMore(vmId);
      await allow([third]);
      await die(next);
      await declareLost(next);
      await untilEnded(after);
      await allow(ha.basis.hostIds);
      const line = await lineOf(vmId, after);
      expect(line.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
        'failOverVirtualMachine failed',
        'failOverVirtualMachine succeeded',
        ...THREE_MORE.map((kind) => `${kind} succeeded`),
      ]);
      expect(itemsOf(await ha.cloud.admin.call('listVirtualMachines', { id: vmId }))[0]).toMatchObject({
        ...{ state: 'Running', hostid: third },
      });
      for (const id of [dying, next]) await ha.setPower(id, true);
      for (const id of [dying, next])
        await eventually('it being used again', async () => (await haState(id)) === 'Available', LIMIT_MS);
      expect(await ha.inconsistencies()).toEqual([]);
    },
    LIMIT_MS,
  );
});
