/** The folder of a lab host before its first start: keys, specification, an empty disk. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { runOrFail } from '../../system/run.js';
import { CHECKOUT } from '../../instance/home.js';
import { labPlaces, type Lab, type LabHost } from '../lab-file.js';
import { hostFiles, type HostSpec } from './host-spec.js';

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
  if (!existsSync(files.sshKey)) await makeKey(files.sshKey, plan.name);
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
    keep: [CHECKOUT],
    accelerator,
  };
  writeFileSync(files.spec, `${JSON.stringify(spec, null, 2)}\n`);
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
