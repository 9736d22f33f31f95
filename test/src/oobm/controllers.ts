/** Management controllers for tests: the Redfish service of the lab and OpenIPMI's simulator, over a switch that lies or hangs when told to. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedfishService } from '@durastack/cli/lab/bmc/redfish';
import type { ControllerLogin } from '@durastack/contracts/infra/power-controller';
import { createEnrolmentCertificate } from '@durastack/kit/tls/certificate-authority';
import { certificateFingerprint } from '@durastack/kit/tls/certificate-holder';
import { Child } from '../support/child.js';

/** A user's password at the beginning. */
export const PASSWORD = 'bmc-secret-1';
const USERNAME = 'admin';

/** A controller that runs. */
export interface TestController {
  readonly login: ControllerLogin;
  power(): 'On' | 'Off';
  /** Switches by hand. */
  set(power: 'On' | 'Off'): void;
  stop(): Promise<void>;
}

/** A Redfish controller, whose answers can be held back, and which can say yes and do nothing. */
export interface TestRedfish extends TestController {
  /** From now on it takes every change and carries none out. */
  lies: boolean;
  /** Changes that it was asked for. */
  readonly asked: string[];
  hold(): void;
  release(): void;
}

/** Starts a Redfish controller; it keeps no process alive. */
export async function startRedfish(): Promise<TestRedfish> {
  const { certificatePem, privateKeyPem } = await createEnrolmentCertificate('test-bmc');
  let power: 'On' | 'Off' = 'On';
  let held: Promise<void> | undefined;
  let open = (): void => undefined;
  const machine = {
    get power() {
      return power;
    },
    reset(type: string): Promise<void> {
      controller.asked.push(type);
      if (!controller.lies) power = type === 'ForceOff' || type === 'GracefulShutdown' ? 'Off' : 'On';
      return Promise.resolve();
    },
  };
  const settings = { username: USERNAME, password: PASSWORD, uuid: '6f1b9f2e-0000-4000-8000-000000000001' };
  let password = PASSWORD;
  const service = new RedfishService(settings, machine, (changed) => (password = changed));
  const server: Server = createServer({ cert: certificatePem, key: privateKeyPem }, (request, response) => {
    void (held ?? Promise.resolve()).then(() => service.handle(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  const { port } = server.address() as AddressInfo;
  const fingerprint = certificateFingerprint(certificatePem);
  const controller: TestRedfish = {
    get login() {
      return { driver: 'redfish', address: '127.0.0.1', port, username: USERNAME, password, fingerprint } as const;
    },
    lies: false,
    asked: [],
    power: () => power,
    set: (to) => (power = to),
    hold: () => (held = new Promise((resolve) => (open = resolve))),
    release() {
      held = undefined;
      open();
    },
    async stop() {
      this.release();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return controller;
}

/** Starts OpenIPMI's simulator. */
export async function startIpmi(): Promise<TestController> {
  const directory = mkdtempSync(join(tmpdir(), 'ipmi-'));
  const file = (name: string) => join(directory, name);
  const port = await freeUdpPort();
  writeFileSync(file('power'), '1');
  writeFileSync(file('chassis'), CHASSIS, { mode: 0o755 });
  const user = `user 2 true "${USERNAME}" "${PASSWORD}" admin 10 none md2 md5 straight`;
  const lan = ['startlan 1', `addr 127.0.0.1 ${port}`, 'priv_limit admin', 'allowed_auths_admin md5', GUID, 'endlan'];
  const chassis = `chassis_control "${file('chassis')} ${file('power')}"`;
  writeFileSync(file('lan.conf'), ['name "t"', 'set_working_mc 0x20', ...lan, chassis, user, ''].join('\n'));
  const mc = 'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr';
  writeFileSync(file('emu'), ['mc_setbmc 0x20', mc, 'sel_enable 0x20 1000 0x0a', 'mc_enable 0x20', ''].join('\n'));
  const child = new Child({
    command: 'ipmi_sim',
    args: ['-c', file('lan.conf'), '-f', file('emu'), '-s', directory, '-n', '-d'],
    env: {},
    logFile: file('log'),
    ready: async () => {
      await sleep(200);
      return true;
    },
  });
  await child.start();
  return {
    login: { driver: 'ipmitool', address: '127.0.0.1', port, username: USERNAME, password: PASSWORD },
    power: () => (readFileSync(file('power'), 'utf8').trim() === '1' ? 'On' : 'Off'),
    set: (power) => writeFileSync(file('power'), power === 'On' ? '1' : '0'),
    async stop() {
      await child.kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Without one the simulator speaks IPMI 1.5 alone. */
const GUID = 'guid 0123456789abcdef0123456789abcdef';

/** `<file of the power> get power boot …` or `… set power 0 …`. */
const CHASSIS = `#!/bin/sh
file=$1; op=$2; shift 2
[ "$op" = get ] && for name in "$@"; do
  [ "$name" = power ] && echo "power:$(cat "$file")"
  [ "$name" = boot ] && echo boot:default
done
[ "$op" = set ] && while [ $# -gt 0 ]; do
  [ "$1" = power ] && echo "$2" > "$file"
  shift 2
done
exit 0
`;

function freeUdpPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4').once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
