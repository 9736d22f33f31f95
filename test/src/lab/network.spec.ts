/** A network that spans hosts, on real ones: who talks to a machine goes on talking while it moves. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/basis.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const JOB_DONE = 1;
const LOG = '/run/seen';

let lab: LabFixture;
let mover: LabVm;
let watcher: LabVm;
beforeAll(async () => {
  lab = await useLab();
  [mover, watcher] = await Promise.all([
    lab.deployCounterVm({ name: 'talker', host: 'host-1' }),
    lab.deployVm({ name: 'listener', host: 'host-2' }),
  ]);
}, LAB_TIMEOUT_MS);
afterAll(() => lab?.release(), LAB_TIMEOUT_MS);

/** What the watcher heard so far: when, by its own clock in seconds, and what. */
async function heard(): Promise<{ nonce: string; count: number; at: number }[]> {
  const text = await lab.inGuest(watcher, `cat ${LOG}`);
  const lines = text.split('\n').filter((line) => line.split(' ').length === 3);
  return lines.map((line) => {
    const [at = '', nonce = '', count = ''] = line.split(' ');
    return { nonce, count: Number(count), at: Number(at) };
  });
}

it('carries on what guests of other hosts say to a machine that moves', { timeout: LAB_TIMEOUT_MS }, async () => {
  await eventually('the listener hears the talker', () =>
    lab.counterSeenBy(watcher, mover).then(
      () => true,
      () => false,
    ),
  );
  const url = `http://${mover.address}/counter`;
  const ask = `while true; do w=$(timeout 2 wget -q -O - ${url}) && echo "$(cut -d ' ' -f 1 /proc/uptime) $w"; usleep 100000; done`;
  await lab.inGuest(watcher, `(${ask}) >${LOG} 2>/dev/null </dev/null &`);
  // A connection that stands before the machine moves, and is used after that.
  const hold = `(printf 'GET /counter HTTP/1.0\\r\\n'; while [ ! -e /run/go ]; do sleep 1; done; printf '\\r\\n'; sleep 2) | nc ${mover.address} 80`;
  await lab.inGuest(watcher, `(${hold}) >/run/held 2>/dev/null </dev/null &`);
  await eventually('the listener keeps notes', async () => (await heard()).length > 3);

  for (const host of ['host-3', 'host-2']) {
    const params = { virtualmachineid: mover.id, hostid: lab.hostId(host) };
    const { jobid } = await lab.admin.call('migrateVirtualMachine', params);
    expect(await lab.admin.waitForJob(String(jobid))).toMatchObject({ jobstatus: JOB_DONE });
    const before = (await heard()).length;
    await eventually('it is heard from there', async () => (await heard()).length > before + 5);
    if (host === 'host-3') await lab.inGuest(watcher, 'touch /run/go');
  }

  const all = await heard();
  const counts = all.map(({ count }) => count);
  expect(new Set(all.map(({ nonce }) => nonce))).toHaveProperty('size', 1);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  const gaps = all.slice(1).map(({ at }, index) => at - (all[index]?.at ?? at));
  process.stdout.write(`longest silence while it moved: ${Math.max(...gaps).toFixed(2)} s of ${all.length} answers\n`);
  expect(await lab.inGuest(watcher, 'cat /run/held')).toContain(all[0]?.nonce);
});
