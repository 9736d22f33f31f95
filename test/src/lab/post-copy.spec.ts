/**
 * Post-copy on real hosts, with a guest that writes to its memory faster than the cable carries it: it goes over before
 * its memory, whoever is killed then; and one whose memory is lost on the way starts again, in one place.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, itemsOf } from '../support/basis.js';
import { crashWorker } from './control-plane.js';
import { expectInOnePlace } from './one-place.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const TIMEOUT_MS = 300_000;
const JOB_DONE = 1;
const JOB_FAILED = 2;
/** Of the cable between agents: some seconds for what the guest keeps writing. */
const RATE = '192mbit';
/** Writes 48 MiB again and again, none of it twice the same. */
const WRITE = [
  'mkdir -p /run/busy && mount -t tmpfs -o size=112m none /run/busy && cd /run/busy',
  'dd if=/dev/urandom of=seed bs=1M count=48 2>/dev/null',
  '(while :; do cp seed copy; usleep 100000; done) >/dev/null 2>&1 </dev/null &',
].join(' && ');

/**
 * An emulated processor can fall into an endless loop when a guest copies memory whose pages come only later: its kernel
 * then says that one program holds it, for ever, or until it starts itself anew. That is none of a real processor, nor of
 * ours, and shows nothing of what is to be seen here: another guest does.
 */
const LOCKED_UP = /soft lockup - CPU#0 stuck for \d+s! \[cp:/;

let lab: LabFixture;
let vm: LabVm;
/** The boot in which it writes. */
let busyNonce: string;
let clusterid: string;
let isEmulated: boolean;
const AGAIN = { count: 2, condition: ({ message }: { message: string }) => isEmulated && LOCKED_UP.test(message) };
const set = (name: string, value: string) => lab.admin.call('updateConfiguration', { name, value, clusterid });

/** Slows the cable over which a host's agent sends. */
async function slow(host: string, isSlow: boolean): Promise<void> {
  const { address } = lab.lab.host(host).plan.cables.management;
  const { stdout } = await lab.exec(host, ['ip', '-o', '-4', 'addr', 'show']);
  const line = stdout.split('\n').find((one) => one.includes(` ${address}/`)) ?? '';
  const device = line.split(/\s+/)[1] ?? '';
  const limit = ['tbf', 'rate', RATE, 'burst', '128kb', 'latency', '400ms'];
  const words = isSlow ? ['replace', 'dev', device, 'root', ...limit] : ['del', 'dev', device, 'root'];
  const { code, stderr } = await lab.exec(host, ['tc', 'qdisc', ...words]);
  expect(code, `tc of ${host} on "${device}": ${stderr}`).toBe(0);
}

async function deployBusy(): Promise<void> {
  const serviceofferingid = await lab.offering('busy', { memory: '256', offerha: 'true' });
  vm = await lab.deployCounterVm({ name: 'busy', host: 'host-1', params: { serviceofferingid } });
  await lab.inGuest(vm, WRITE);
  ({ nonce: busyNonce } = await lab.counter(vm));
}

/** Whether it writes still: it is neither locked up, nor in another boot. */
async function isBusy(): Promise<boolean> {
  const seen = await lab.counter(vm).catch(() => undefined);
  return seen?.nonce === busyNonce && !LOCKED_UP.test(await lab.consoles(vm));
}

beforeAll(async () => {
  lab = await useLab();
  clusterid = itemsOf(await lab.admin.call('listClusters'))[0]!.id;
  await set('vm.migrate.postcopy.after', '1');
  await set('vm.migrate.postcopy.enable', 'true');
  for (const host of lab.hosts) await slow(host, true);
  await deployBusy();
  const { stdout } = await lab.exec('host-1', ['virsh', 'dumpxml', vm.id]);
  isEmulated = stdout.startsWith("<domain type='qemu'");
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  for (const host of lab?.hosts ?? []) await slow(host, false);
  for (const name of ['vm.migrate.postcopy.after', 'vm.migrate.postcopy.enable'])
    await lab?.admin.call('resetConfiguration', { name, clusterid });
  await lab?.release();
}, LAB_TIMEOUT_MS);

describe('a machine that writes faster than it can be sent', () => {
  let [from, to, jobId, nonce] = ['', '', '', ''];
  beforeEach(async () => {
    if (isEmulated && !(await isBusy())) {
      await lab.admin.callAndWait('destroyVirtualMachine', { id: vm.id, expunge: 'true' });
      await deployBusy();
    }
    ({ nonce } = await lab.untilCounting(vm));
    from = await lab.hostOf(vm);
    to = lab.hosts.find((name) => name !== from)!;
    const params = { virtualmachineid: vm.id, hostid: lab.hostId(to) };
    jobId = String((await lab.admin.call('migrateVirtualMachine', params))['jobid']);
    await eventually(
      'it has gone before its memory',
      async () => {
        const { stdout } = await lab.exec(from, ['virsh', '-q', 'domstate', '--reason', vm.id]);
        return /post-copy/.test(stdout);
      },
      TIMEOUT_MS,
    );
  }, TIMEOUT_MS);

  it('arrives and counts on when the worker is killed then', { timeout: TIMEOUT_MS, retry: AGAIN }, async () => {
    await crashWorker(lab);
    expect(await lab.admin.waitForJob(jobId)).toMatchObject({ jobstatus: JOB_DONE });
    expect(await expectInOnePlace(lab, vm, nonce)).toBe(to);
  });

  it(
    "starts again in one place when the source's agent is killed then",
    { timeout: TIMEOUT_MS, retry: AGAIN },
    async () => {
      await lab.crash(from, 'durastack-agent');
      const job = await lab.admin.waitForJob(jobId);
      expect(job.jobstatus).toBe(JOB_FAILED);
      expect(JSON.stringify(job.jobresult)).toContain('what it had in memory is lost');
      await eventually(
        'HA has started it again',
        async () => {
          const seen = await lab.counter(vm).catch(() => undefined);
          return seen !== undefined && seen.nonce !== nonce;
        },
        TIMEOUT_MS,
      );
      const now = await lab.untilCounting(vm);
      await expectInOnePlace(lab, vm, now.nonce);
    },
  );
});
