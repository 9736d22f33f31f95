/** Starting and ending the management controllers of a lab: per host a Redfish process and an IPMI simulator. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DurastackError } from '@durastack/contracts/errors';
import { startDetached } from '@durastack/drivers/process/detached';
import { tellingLine } from '../../instance/log-file.js';
import { identify, isRunning, killProcess } from '../../instance/processes.js';
import { addManagementAddress } from '../fabric.js';
import type { Lab, LabHost } from '../lab-file.js';
import { bmcFiles, ensureBmcSettings, REDFISH_PORT } from './bmc-settings.js';
import { configureIpmi } from './ipmi.js';

const READY_TIMEOUT_MS = 30_000;

/** Names of a controller's processes in the lab's file. */
const processesOf = ({ plan }: LabHost): { redfish: string; ipmi: string } => ({
  redfish: `${plan.name} redfish`,
  ipmi: `${plan.name} ipmi`,
});

/** Whether a host's controller runs. */
export function bmcRuns(lab: Lab, host: LabHost): boolean {
  return Object.values(processesOf(host)).every((name) => isRunning(lab.state.processes[name]));
}

/** Starts what of it does not run, and waits until Redfish answers. */
export async function startBmc(lab: Lab, host: LabHost): Promise<void> {
  const settings = await ensureBmcSettings(host, lab.state.subnet);
  await addManagementAddress(host.instance, settings.address);
  const files = bmcFiles(host.directory);
  const names = processesOf(host);
  const main = fileURLToPath(new URL('bmc-main.js', import.meta.url));
  const redfish = { file: process.execPath, args: [main, host.directory], logFile: files.log };
  await ensureProcess(lab, names.redfish, redfish);
  const ipmi = { file: 'ipmi_sim', args: configureIpmi(settings), logFile: files.ipmiLog };
  await ensureProcess(lab, names.ipmi, ipmi);
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await answers(settings.address))) {
    if (performance.now() > deadline) {
      const said = tellingLine(files.log);
      throw new DurastackError('ENVIRONMENT', `The controller of ${host.plan.name} does not answer: ${said}`);
    }
    await sleep(50);
  }
}

/** Ends it at once. The host does not notice. */
export async function killBmc(lab: Lab, host: LabHost): Promise<void> {
  for (const name of Object.values(processesOf(host))) {
    const process = lab.state.processes[name];
    if (process !== undefined) await killProcess(process);
    const { [name]: _, ...processes } = lab.state.processes;
    lab.update({ processes });
  }
}

async function ensureProcess(
  lab: Lab,
  name: string,
  program: { readonly file: string; readonly args: readonly string[]; readonly logFile: string },
): Promise<void> {
  if (isRunning(lab.state.processes[name])) return;
  const process = identify(await startDetached(program));
  if (process === undefined) {
    throw new DurastackError('ENVIRONMENT', `${name} ended at once: ${tellingLine(program.logFile)}`);
  }
  lab.update({ processes: { ...lab.state.processes, [name]: process } });
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: REDFISH_PORT });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
    socket.setTimeout(1_000, () => end(false));
  });
}
