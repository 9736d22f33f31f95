/**
 * The first program of a lab host, run by tini in fresh mount, PID, UTS, IPC and cgroup namespaces and the host's
 * network namespace: makes its file systems, writes settings, starts the services and watches them. `argv[2]` is the
 * host's folder.
 *
 * When it ends the whole host ends. SIGTERM is the power button: services stop in order, then it is off.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runOrFail } from '../../system/run.js';
import { builtInServices, ensureSwitchDatabase, servicesAnswer } from './built-in-services.js';
import { ownSpec, writeConfiguration } from './configuration.js';
import { serveControl } from './control.js';
import { mountFileSystems } from './file-systems.js';
import { HOST_PLACES, readHostSpec, type HostSpec } from './host-spec.js';
import { showOwnUse } from './own-use.js';
import { ServiceManager } from './service-manager.js';

const ANSWER_TRIES = 300;

function report(line: string): void {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

async function connectNetworks({ management, underlay, storage, name }: HostSpec): Promise<void> {
  const ip = (...args: string[]) => runOrFail('Setting up the network', 'ip', args);
  await runOrFail('Naming the host', 'hostname', [name]);
  await ip('link', 'set', 'dev', 'lo', 'up');
  for (const { device, address } of [management, storage]) {
    await ip('address', 'add', `${address}/24`, 'dev', device);
    await ip('link', 'set', 'dev', device, 'up');
  }
  // Its address goes to the switch's bridge, see built-in-services.ts.
  await ip('link', 'set', 'dev', underlay.device, 'up');
}

/** The two programs, found first on the PATH of SSH sessions. */
function installShims(): void {
  const main = fileURLToPath(new URL('systemctl-main.js', import.meta.url));
  mkdirSync('/usr/local/sbin', { recursive: true });
  for (const program of ['systemctl', 'journalctl']) {
    const path = join('/usr/local/sbin', program);
    writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${main}' ${program} "$@"\n`);
    chmodSync(path, 0o755);
  }
}

async function start(directory: string): Promise<void> {
  await mountFileSystems(readHostSpec(directory));
  await showOwnUse(report);
  const spec = ownSpec();
  writeConfiguration(spec);
  installShims();
  await connectNetworks(spec);
  await ensureSwitchDatabase();
  const manager = new ServiceManager(report);
  await serveControl(HOST_PLACES.controlSocket, manager);
  process.on('SIGTERM', () => {
    report('power button: stopping');
    void manager.stopAll().then(() => process.exit(0));
  });
  await manager.startAll(builtInServices(spec));
  for (let attempt = 0; attempt < ANSWER_TRIES && !(await servicesAnswer(spec)); attempt += 1) await sleep(50);
  writeFileSync(HOST_PLACES.ready, '');
  report('ready');
}

await start(process.argv[2] ?? '');
