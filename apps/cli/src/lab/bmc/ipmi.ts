/** OpenIPMI's simulator as the IPMI side of a controller: its settings, and the script by which it switches. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bmcFiles, IPMI_PORT, type BmcSettings } from './bmc-settings.js';

const CONTROLLER = '0x20';

/** Where the controller takes the simulator's wishes. */
export function chassisSocket(hostDirectory: string): string {
  return join(bmcFiles(hostDirectory).directory, 'chassis.sock');
}

/** Writes the simulator's settings. @returns its arguments */
export function configureIpmi(settings: BmcSettings): string[] {
  const { directory } = settings.host;
  const files = bmcFiles(directory);
  const main = fileURLToPath(new URL('chassis-main.js', import.meta.url));
  const user = (id: number, name: string, password: string, privilege: string): string =>
    `user ${id} true "${name}" "${password}" ${privilege} 10 none md2 md5 straight`;
  const lan = [
    `name "host-${settings.host.index}"`,
    `set_working_mc ${CONTROLLER}`,
    'startlan 1',
    `  addr ${settings.address} ${IPMI_PORT}`,
    '  priv_limit admin',
    '  allowed_auths_admin md5',
    `  guid ${settings.uuid.replaceAll('-', '')}`,
    'endlan',
    `chassis_control "${process.execPath} ${main} ${directory}"`,
    user(2, settings.username, settings.password, 'admin'),
    '',
  ];
  const emulation = [
    `mc_setbmc ${CONTROLLER}`,
    `mc_add ${CONTROLLER} 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr`,
    `sel_enable ${CONTROLLER} 1000 0x0a`,
    `mc_enable ${CONTROLLER}`,
    '',
  ];
  writeFileSync(files.ipmiConfiguration, lan.join('\n'), { mode: 0o600 });
  writeFileSync(files.ipmiEmulation, emulation.join('\n'));
  return ['-c', files.ipmiConfiguration, '-f', files.ipmiEmulation, '-s', files.ipmiState, '-n', '-d'];
}
