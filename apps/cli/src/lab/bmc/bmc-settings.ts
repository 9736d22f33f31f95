/** What the management controller of a lab host is told; its folder lies beside the host's disk, not on it. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createEnrolmentCertificate } from '@durastack/kit/tls/certificate-authority';
import type { Subnet } from '../../first-cloud/free-subnet.js';
import type { LabHost } from '../lab-file.js';

/** Where controllers listen, on the address of each. */
export const REDFISH_PORT = 443;
/** See {@link REDFISH_PORT}. */
export const IPMI_PORT = 623;
/** IPMI 2.0 takes 20 bytes at most. */
const PASSWORD_BYTES = 8;

const bmcSettings = z.object({
  username: z.string(),
  password: z.string(),
  address: z.string(),
  uuid: z.uuid(),
  /** Of the Redfish listener; self-signed, as controllers come. */
  certificatePem: z.string(),
  privateKeyPem: z.string(),
  host: z.object({ instance: z.string(), directory: z.string(), index: z.int() }),
  subnet: z.object({ gateway: z.string(), netmask: z.string(), startIp: z.string(), endIp: z.string() }),
});
/** See {@link bmcSettings}. */
export type BmcSettings = z.infer<typeof bmcSettings>;

/** Files of a controller. */
export function bmcFiles(hostDirectory: string) {
  const directory = join(hostDirectory, 'bmc');
  return {
    directory,
    settings: join(directory, 'settings.json'),
    log: join(directory, 'redfish.log'),
    ipmiLog: join(directory, 'ipmi.log'),
    ipmiConfiguration: join(directory, 'lan.conf'),
    ipmiEmulation: join(directory, 'emulation'),
    ipmiState: join(directory, 'state'),
  };
}

/** Writes the settings of a host's controller; those of an earlier start stay. */
export async function ensureBmcSettings(host: LabHost, subnet: Subnet): Promise<BmcSettings> {
  const files = bmcFiles(host.directory);
  if (existsSync(files.settings)) return readBmcSettings(host.directory);
  mkdirSync(files.ipmiState, { recursive: true });
  const { certificatePem, privateKeyPem } = await createEnrolmentCertificate(`${host.plan.name}-bmc`);
  const settings: BmcSettings = {
    username: 'admin',
    password: randomBytes(PASSWORD_BYTES).toString('hex'),
    address: host.plan.bmcAddress,
    uuid: host.uuid,
    certificatePem,
    privateKeyPem,
    host: { instance: host.instance, directory: host.directory, index: host.index },
    subnet,
  };
  writeBmcSettings(settings);
  return settings;
}

/** Writes them. */
export function writeBmcSettings(settings: BmcSettings): void {
  const text = `${JSON.stringify(settings, null, 2)}\n`;
  writeFileSync(bmcFiles(settings.host.directory).settings, text, { mode: 0o600 });
}

/** Reads them. */
export function readBmcSettings(hostDirectory: string): BmcSettings {
  return bmcSettings.parse(JSON.parse(readFileSync(bmcFiles(hostDirectory).settings, 'utf8')));
}
