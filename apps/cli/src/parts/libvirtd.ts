/** The instance's private libvirtd, and whether KVM is of use here. */
import {
  privateLibvirtSocket,
  startPrivateLibvirtd,
  stopPrivateLibvirtd,
} from '@durastack/drivers/libvirt/private-libvirtd';
import { probeAccelerator } from '@durastack/drivers/libvirt/accelerator';
import { DurastackError } from '@durastack/contracts/errors';
import { run } from '../system/run.js';
import type { AcceleratorVerdict, InstanceFile, ProcessRecord } from '../instance/instance-file.js';
import { currentBootId, recordOf } from '../instance/processes.js';

const FIRST_CALL_TIMEOUT_MS = 90_000;
const ANSWER_TIMEOUT_MS = 10_000;

/** The libvirt URI of a socket. */
export function libvirtUri(socket: string): string {
  return `qemu:///system?socket=${socket}`;
}

/**
 * Starts the daemon unless it runs, and waits until it has answered a first call: on a fresh directory that takes
 * seconds, because libvirt looks at all that the emulators can do.
 *
 * @param started is told of the process before it has answered, so that a failed start can be undone
 * @throws ENVIRONMENT with what libvirt says when it is broken
 */
export async function startLibvirtd(file: InstanceFile, started: (record: ProcessRecord) => void): Promise<void> {
  const { pid, socketPath } = await startPrivateLibvirtd({ dir: file.home.libvirt, instance: file.state.name });
  started(recordOf('libvirtd', pid));
  const args = ['--connect', libvirtUri(socketPath), 'domcapabilities', '--virttype', 'qemu'];
  const answer = await run('virsh', args, { timeoutMs: FIRST_CALL_TIMEOUT_MS });
  if (answer.code !== 0) {
    const said = answer.stderr.trim().split('\n').at(-1) ?? '';
    const message = `libvirt does not work on this machine: ${said} (log: ${file.home.libvirt}/libvirtd.log)`;
    throw new DurastackError('ENVIRONMENT', message);
  }
}

/** Whether the daemon answers a call. */
export async function libvirtdAnswers(file: InstanceFile): Promise<boolean> {
  const uri = libvirtUri(privateLibvirtSocket(file.home.libvirt));
  return (await run('virsh', ['--connect', uri, 'version', '--daemon'], { timeoutMs: ANSWER_TIMEOUT_MS })).code === 0;
}

/** Ends the daemon; machines keep running. */
export async function stopLibvirtd(file: InstanceFile): Promise<void> {
  await stopPrivateLibvirtd({ dir: file.home.libvirt });
}

/** Finds out once per boot of the machine whether guests really run with KVM; remembers it. */
export async function ensureAccelerator(file: InstanceFile): Promise<AcceleratorVerdict> {
  const known = file.state.accelerator;
  const bootId = currentBootId();
  if (known?.bootId === bootId) return known;
  const accelerator = await probeAccelerator({ dir: file.home.cache });
  const verdict: AcceleratorVerdict = { accelerator, bootId };
  file.update({ accelerator: verdict });
  return verdict;
}
