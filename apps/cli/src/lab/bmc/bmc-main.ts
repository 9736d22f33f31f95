/**
 * The management controller of one lab host: a process outside of the host, which lives when the host is off.
 * `argv[2]` is the host's folder. Redfish listens for users, a socket in its folder for the IPMI simulator's script.
 */
import { rmSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import { planHost } from '../lab-plan.js';
import { REDFISH_PORT, readBmcSettings, writeBmcSettings } from './bmc-settings.js';
import { chassisSocket } from './ipmi.js';
import { Machine, RESET_TYPES, type ResetType } from './machine.js';
import { RedfishService } from './redfish.js';

function report(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

const settings = readBmcSettings(process.argv[2] ?? '');
const { instance, directory, index } = settings.host;
const plan = planHost(instance, settings.subnet, index);
const machine = new Machine({ instance, directory, plan }, report);
const service = new RedfishService(settings, machine, (password) => writeBmcSettings({ ...settings, password }));
const tls = { key: settings.privateKeyPem, cert: settings.certificatePem };
createServer(tls, (request, response) => void service.handle(request, response)).listen(
  REDFISH_PORT,
  settings.address,
  () => report(`Redfish on https://${settings.address}`),
);

// Beside the file system's rights nothing guards it: whoever reaches it is root on this machine.
const socket = chassisSocket(directory);
rmSync(socket, { force: true });
createPlainServer((request, response) => {
  const type = (request.url ?? '').slice(1);
  if (request.method === 'POST' && RESET_TYPES.includes(type as ResetType)) void machine.reset(type as ResetType);
  response.end(machine.power);
}).listen(socket);
