/** The folder of a lab host before its first start: keys, specification, an empty disk. */
import { chmodSync, constants, copyFileSync, existsSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runOrFail } from '../../system/run.js';
import { CHECKOUT } from '../../instance/home.js';
import { labPlaces, type Lab, type LabHost } from '../lab-file.js';
import { hostFiles, type HostSpec } from './host-spec.js';

/** As in activities/src/infra/ssh/agent-layout.ts. */
const NODE_PLACE = '/opt/durastack/agent/node';

/**
 * Writes what is missing; keys of an earlier start stay.
 *
 * @param accelerator how guests run on this machine
 */
export async function prepareHost(lab: Lab, host: LabHost, accelerator: HostSpec['accelerator']): Promise<void> {
  const { directory, plan, uuid } = host;
  const files = hostFiles(directory);
  const places = labPlaces(lab.home);
  mkdirSync(files.disk, { recursive: true });
  if (!existsSync(files.sshKey)) {
    await makeKey(files.sshKey, plan.name);
    placeNode(lab, files.disk);
  }
  copyFileSync(`${lab.home.sshKeyFile}.pub`, files.authorizedKeys);
  const { management, underlay, storage } = plan.cables;
  const end = ({ device, address }: typeof management) => ({ device, address });
  const spec: HostSpec = {
    name: plan.name,
    uuid,
    directory,
    management: end(management),
    underlay: end(underlay),
    storage: end(storage),
    shared: places.shared,
    libvirtCache: places.libvirtCache,
    keep: [...new Set([CHECKOUT, lab.home.root, dirname(process.execPath)])],
    accelerator,
  };
  writeFileSync(files.spec, `${JSON.stringify(spec, null, 2)}\n`);
}

/**
 * The Node binary that addHost sends to hosts, where it would be sent to: addHost compares sums and need not send it.
 * To send 95 MiB to each host by SSH, on one machine, took longer than everything else of a lab's start.
 */
function placeNode(lab: Lab, disk: string): void {
  const copy = join(labPlaces(lab.home).hosts, 'node');
  if (!existsSync(copy)) copyFileSync(process.execPath, copy, constants.COPYFILE_FICLONE);
  chmodSync(copy, 0o755);
  const place = join(disk, 'upper', NODE_PLACE);
  mkdirSync(dirname(place), { recursive: true });
  linkSync(copy, place);
}

/** Makes an SSH key pair without a passphrase. */
export async function makeKey(path: string, comment: string): Promise<void> {
  const args = ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path];
  await runOrFail('Making an SSH key', 'ssh-keygen', args);
}

/** `SHA256:…` of a host's SSH key, as a user would read it on the host's console. */
export async function sshFingerprint({ directory }: LabHost): Promise<string> {
  const text = await runOrFail('Reading an SSH key', 'ssh-keygen', ['-lf', `${hostFiles(directory).sshKey}.pub`]);
  return text.split(' ')[1] ?? '';
}
