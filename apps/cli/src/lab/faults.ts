/** Faults of lab hosts, and their healing. */
import { DurastackError } from '@durastack/contracts/errors';
import { bmcRuns, killBmc, startBmc } from './bmc/bmc.js';
import { runInHost } from './exec.js';
import { switchCable } from './fabric.js';
import { PULLED_BY, readFaults, writeFaults, type Fault } from './host/fault-file.js';
import { initPid, powerOff, powerOn } from './host/power.js';
import type { Lab, LabHost } from './lab-file.js';

const AGENT = 'durastack-agent.service';
const FUSE = 'lab-storage.service';

/**
 * Breaks something of a host.
 *
 * - `power`: everything of it ends at once, and it stays off;
 * - `network`: the cables of management and underlay are pulled;
 * - `storage`: the storage network's cable is pulled, and the FUSE file system stands still (SIGSTOP);
 * - `agent`: its agent is killed and does not come again; machines run on;
 * - `bmc`: its management controller is dead.
 */
export async function injectFault(lab: Lab, host: LabHost, fault: Fault): Promise<void> {
  if (fault === 'power') return powerOff(host);
  writeFaults(host.directory, [...readFaults(host.directory), fault]);
  if (fault === 'bmc') await killBmc(lab, host);
  await applyToRunning(host, fault);
}

/** Undoes every fault of a host, and switches it on. @returns what it had */
export async function healHost(lab: Lab, host: LabHost): Promise<readonly Fault[]> {
  const faults = readFaults(host.directory);
  writeFaults(host.directory, []);
  if (!bmcRuns(lab, host)) await startBmc(lab, host);
  if (initPid(host.directory) === undefined) {
    await powerOn(host);
    return ['power', ...faults];
  }
  for (const fault of faults) {
    for (const kind of PULLED_BY[fault] ?? []) await switchCable(host.instance, kind, host.plan.cables[kind], true);
    if (fault === 'storage') await systemctl(host, 'kill', '--signal=SIGCONT', FUSE);
    if (fault === 'agent') {
      await systemctl(host, 'unmask', AGENT);
      await systemctl(host, 'start', AGENT);
    }
  }
  return faults;
}

async function applyToRunning(host: LabHost, fault: Fault): Promise<void> {
  if (initPid(host.directory) === undefined) return;
  for (const kind of PULLED_BY[fault] ?? []) await switchCable(host.instance, kind, host.plan.cables[kind], false);
  if (fault === 'storage') await systemctl(host, 'kill', '--signal=SIGSTOP', FUSE);
  if (fault === 'agent') {
    await systemctl(host, 'mask', AGENT);
    await systemctl(host, 'kill', '--signal=SIGKILL', AGENT);
  }
}

async function systemctl(host: LabHost, ...words: string[]): Promise<void> {
  const { code, stderr } = await runInHost(host, ['/usr/local/sbin/systemctl', ...words], { timeoutMs: 30_000 });
  if (code === 0) return;
  throw new DurastackError('STEP_REFUSED', `systemctl ${words.join(' ')} on ${host.plan.name}: ${stderr.trim()}`);
}
