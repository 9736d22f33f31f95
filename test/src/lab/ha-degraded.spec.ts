/**
 * HA where little is left: two of three hosts without power while the control plane is down, their controllers gone
 * with them; and a host that is cut off, lives, and cannot be switched off.
 */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, itemsOf } from '../support/basis.js';
import { killControlPlane, startControlPlane } from './control-plane.js';
import { bootIdOf, HA_TIMEOUT_MS, HaLab } from './ha-lab.js';
import { dura, LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const [LEFT, FIRST, SECOND] = ['host-1', 'host-2', 'host-3'] as const;
const LOST = [FIRST, SECOND] as const;

let lab: LabFixture;
let ha: HaLab;
beforeAll(async () => {
  lab = await useLab({ ceph: true });
  ha = await HaLab.of(lab);
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  await ha?.off();
  await lab?.release();
}, LAB_TIMEOUT_MS);

const rowOf = async ({ id }: LabVm) =>
  itemsOf(await lab.admin.call('listVirtualMachines', { id, listall: 'true' }))[0]!;
const alertsOf = async ({ id }: LabVm) =>
  itemsOf(await lab.admin.call('listAlerts'))
    .map((row) => String(row['description']))
    .filter((text) => text.includes(id));

it(
  'two of three hosts without power, their controllers and the control plane gone: machines on Ceph come back by themselves',
  { timeout: HA_TIMEOUT_MS },
  async () => {
    const [first, other, plain] = await Promise.all([
      ha.deploy(FIRST, 'ha-first', { pool: 'ceph' }),
      ha.deploy(SECOND, 'ha-other', { pool: 'ceph' }),
      lab.deployVm({ name: 'no-ha', host: SECOND, pool: 'ceph' }),
    ]);
    const saved = [first, other];
    const before = await Promise.all(saved.map((vm) => lab.untilCounting(vm)));
    const boots = await Promise.all(LOST.map((host) => bootIdOf(lab, host)));
    killControlPlane(lab);
    for (const host of LOST) await lab.kill(host, '--bmc');
    for (const host of LOST) await lab.kill(host, '--power');
    const began = performance.now();
    await startControlPlane(lab);
    for (const [index, vm] of saved.entries())
      expect(await ha.untilElsewhere(vm, LOST, before[index]!.nonce)).toBe(LEFT);
    process.stdout.write(`HA without controllers: answering after ${Math.round(performance.now() - began)} ms\n`);
    for (const host of LOST) {
      await ha.until(host, 'Fenced');
      expect(itemsOf(await lab.admin.call('listHosts', { id: lab.hostId(host) }))[0]).toMatchObject({ state: 'Down' });
      expect(
        itemsOf(await lab.admin.call('listVirtualMachines', { hostid: lab.hostId(host), listall: 'true' })),
      ).toEqual([]);
    }
    expect(await rowOf(plain)).toMatchObject({ state: 'Stopped' });
    expect(lab.witness.copies(plain.id)).toEqual([]);
    const shut = LOST.map((host) => lab.lab.host(host).plan.cables.storage.address);
    expect(await ha.shutOut()).toEqual(expect.arrayContaining(shut));
    for (const host of LOST) await dura(lab.lab.home.root, ['lab', 'heal', host]);
    for (const [index, host] of LOST.entries()) {
      // Nothing starts by itself where a host starts, and nothing is left to be started.
      expect(await lab.domains(host)).toEqual([]);
      await ha.until(host, 'Available');
      expect(await bootIdOf(lab, host)).not.toBe(boots[index]);
      expect((await lab.exec(host, ['virsh', '-q', 'list', '--all', '--name'])).stdout.trim()).toBe('');
    }
    expect(await ha.shutOut()).toEqual([]);
    for (const vm of saved) expect(lab.witness.copies(vm.id)).toHaveLength(1);
    await lab.expectClean();
    for (const { id } of [...saved, plain])
      await lab.admin.callAndWait('destroyVirtualMachine', { id, expunge: 'true' });
  },
);

it(
  'a host that is cut off, lives, and cannot be switched off: shut out, its stale machine is destroyed and never resumed',
  { timeout: HA_TIMEOUT_MS },
  async () => {
    const vm = await ha.deploy(SECOND, 'ha-shut-out', { pool: 'ceph' });
    const { nonce } = await lab.untilCounting(vm);
    const { pid } = lab.witness.copies(vm.id)[0]!;
    lab.witness.ignore(pid);
    await lab.kill(SECOND, '--bmc');
    await lab.kill(SECOND, '--network');
    // It still writes its heartbeat to the pool: nothing happens until somebody asks for it.
    await ha.until(SECOND, 'Degraded');
    await lab.admin.call('failOverHost', { id: lab.hostId(SECOND) });
    const there = await ha.untilElsewhere(vm, [SECOND], nonce);
    await dura(lab.lab.home.root, ['lab', 'heal', SECOND]);
    await eventually(
      'its stale copy being gone',
      () => Promise.resolve(!existsSync(`/proc/${pid}`)),
      HA_TIMEOUT_MS / 2,
    );
    await ha.until(SECOND, 'Recovering');
    const defined = async () => (await lab.exec(SECOND, ['virsh', '-q', 'list', '--all', '--uuid'])).stdout;
    await eventually('its definition being gone', async () => !(await defined()).includes(vm.id), HA_TIMEOUT_MS / 2);
    // It has written nothing since: the only writer after the old boot is the new one.
    expect((await lab.diskLog(vm, there)).isInterleaved).toBe(false);
    await lab.kill(SECOND, '--power');
    await lab.heal(SECOND);
    await ha.until(SECOND, 'Available');
    expect(await lab.hostOf(vm)).toBe(there);
    expect(lab.witness.copies(vm.id)).toHaveLength(1);
    expect(await alertsOf(vm)).toEqual([]);
    expect(await ha.shutOut()).toEqual([]);
    await lab.expectClean();
  },
);
