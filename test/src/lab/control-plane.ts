/** Ends and starts processes of a lab's control plane, and leaves its hosts alone. */
import { InstanceFile, type PartName } from '@durastack/cli/instance/instance-file';
import { isRunning } from '@durastack/cli/instance/processes';
import { withHomeLock } from '@durastack/cli/instance/with-lock';
import { startControlPlane as startParts } from '@durastack/cli/lab/up';
import { Steps } from '@durastack/cli/system/steps';
import { DurastackError } from '@durastack/contracts/errors';
import type { LabFixture } from './use-lab.js';

/** The process of a part. */
export function pidOf({ lab }: LabFixture, part: PartName): number {
  const record = InstanceFile.open(lab.home).process(part);
  if (!isRunning(record)) throw new DurastackError('BUG', `The lab has no ${part}.`);
  return record.pid;
}

/** Starts what of the control plane does not run; `lab up` would switch on hosts that are off, too. */
export async function startControlPlane({ lab: { home } }: LabFixture): Promise<void> {
  await withHomeLock(home, () => startParts(InstanceFile.open(home), new Steps({ write: () => true })));
}

/** Kills API and worker, which {@link startControlPlane} starts again. */
export function killControlPlane(lab: LabFixture): void {
  for (const part of ['api', 'worker'] as const) process.kill(pidOf(lab, part), 'SIGKILL');
}

/** Kills the worker, and starts it again. */
export async function crashWorker(lab: LabFixture): Promise<void> {
  process.kill(pidOf(lab, 'worker'), 'SIGKILL');
  await startControlPlane(lab);
}
