/** Power, management controllers and the other faults of lab hosts, as the control plane sees them. */
import { readFileSync } from 'node:fs';
import { bmcFiles } from '@durastack/cli/lab/bmc/bmc-settings';
import { run } from '@durastack/cli/system/run';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, itemsOf } from '../support/basis.js';
import { LAB_TIMEOUT_MS, useLab, type LabFixture } from './use-lab.js';

const TIMEOUT_MS = 180_000;

let lab: LabFixture;
beforeAll(async () => {
  lab = await useLab();
}, LAB_TIMEOUT_MS);
afterAll(() => lab?.release(), LAB_TIMEOUT_MS);

interface Controller {
  readonly username: string;
  readonly password: string;
  readonly address: string;
}

const controller = (host: string): Controller =>
  JSON.parse(readFileSync(bmcFiles(lab.lab.host(host).directory).settings, 'utf8')) as Controller;

/** A Redfish request; certificates of controllers are their own. @returns status and body */
async function redfish(host: string, path: string, body?: object, change: Partial<Controller> = {}) {
  const { username, password, address } = { ...controller(host), ...change };
  const script = `
    const [url, body, login] = process.argv.slice(1);
    require('https').request(url, { rejectUnauthorized: false, method: body ? 'POST' : 'GET', auth: login }, (r) => {
      let text = ''; r.on('data', (c) => text += c).on('end', () => console.log(JSON.stringify([r.statusCode, text, r.headers])));
    }).on('error', (e) => { console.error(e.code); process.exit(1); }).end(body);`;
  const url = `https://${address}${path}`;
  const words = ['-e', script, url, body === undefined ? '' : JSON.stringify(body), `${username}:${password}`];
  const { code, stdout, stderr } = await run(process.execPath, words, { timeoutMs: 30_000 });
  if (code !== 0) return { status: 0, text: stderr.trim() };
  const [status, text] = JSON.parse(stdout) as [number, string];
  return { status, text };
}

const powerState = async (host: string) =>
  (JSON.parse((await redfish(host, '/redfish/v1/Systems/1')).text) as { PowerState: string }).PowerState;
const reset = (host: string, ResetType: string) =>
  redfish(host, '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset', { ResetType });
const bootId = async (host: string) => (await lab.exec(host, ['cat', '/proc/sys/kernel/random/boot_id'])).stdout.trim();
const stateOf = async (host: string) =>
  itemsOf(await lab.admin.call('listHosts', { id: lab.hostId(host) }))[0]?.['state'];

describe('the power of a host', () => {
  it('is cut with everything that runs there, and given again by Redfish', { timeout: TIMEOUT_MS }, async () => {
    const vm = await lab.deployVm({ name: 'on-host-3', host: 'host-3' });
    const before = await bootId('host-3');
    await eventually('a QEMU of the machine', () => Promise.resolve(lab.witness.copies(vm.id).length === 1));
    await lab.kill('host-3', '--power');
    await eventually('no QEMU of the machine', () => Promise.resolve(lab.witness.copies(vm.id).length === 0));
    expect(await powerState('host-3')).toBe('Off');
    await expect(lab.exec('host-3', ['true'])).rejects.toThrow(/host-3 is off/);
    await eventually('its absence being noticed', async () => (await stateOf('host-3')) !== 'Up', TIMEOUT_MS);
    expect(await powerState('host-3')).toBe('Off');
    expect(await reset('host-3', 'On')).toMatchObject({ status: 204 });
    await eventually('power', async () => (await powerState('host-3')) === 'On', TIMEOUT_MS);
    await lab.untilHost('host-3');
    const after = await bootId('host-3');
    expect(after).not.toBe(before);
    expect(await lab.domains('host-3')).toEqual([]);
    expect((await lab.exec('host-3', ['ip', 'address', 'show', 'dev', 'br-phy'])).stdout).toMatch(/inet 198\.18\./);
    await eventually('the new boot id in the rows', async () => (await knownBootId('host-3')) === after);
  });

  it('is cycled and switched off by IPMI', { timeout: TIMEOUT_MS }, async () => {
    const { address, username, password } = controller('host-3');
    const ipmi = async (word: string) => {
      const login = ['-I', 'lanplus', '-C', '3', '-H', address, '-U', username, '-E'];
      const env = { ...process.env, IPMI_PASSWORD: password };
      const { stdout, stderr } = await run('ipmitool', [...login, 'chassis', 'power', word], { env });
      return `${stdout}${stderr}`;
    };
    const before = await bootId('host-3');
    expect(await ipmi('status')).toMatch(/Power is on/);
    await ipmi('off');
    await eventually('power off', async () => /is off/.test(await ipmi('status')));
    await ipmi('on');
    await eventually('power on', async () => /is on/.test(await ipmi('status')), TIMEOUT_MS);
    expect(await bootId('host-3')).not.toBe(before);
    await lab.untilHost('host-3');
  });

  it('is kept from those who do not know the password', async () => {
    const wrong = { password: 'guess' };
    expect(await redfish('host-1', '/redfish/v1/Systems/1', undefined, wrong)).toMatchObject({ status: 401 });
    const refused = await redfish('host-1', '/redfish/v1/Systems/1/Actions/ComputerSystem.Reset', {
      ResetType: 'Explode',
    });
    expect(refused).toMatchObject({ status: 400 });
    expect(refused.text).toMatch(/ForceOff/);
  });
});

describe('a fault', () => {
  it('of the agent: it is gone until it is healed, machines run on', { timeout: TIMEOUT_MS }, async () => {
    const vm = await lab.deployVm({ name: 'on-host-2', host: 'host-2' });
    await lab.kill('host-2', '--agent');
    await eventually('silence', async () => (await stateOf('host-2')) !== 'Up', TIMEOUT_MS);
    expect(lab.witness.copies(vm.id)).toHaveLength(1);
    await lab.heal('host-2');
    expect(lab.witness.copies(vm.id)).toHaveLength(1);
  });

  it('of an agent that merely crashes heals itself', { timeout: TIMEOUT_MS }, async () => {
    const status = ['/usr/local/sbin/systemctl', 'is-active', 'durastack-agent'];
    const unit = ['/usr/local/sbin/systemctl', 'kill', '--signal=SIGKILL', 'durastack-agent'];
    expect((await lab.exec('host-2', unit)).code).toBe(0);
    await eventually('the agent', async () => (await lab.exec('host-2', status)).stdout.trim() === 'active');
  });

  it('of the network: the host is away, and comes back as it was', { timeout: TIMEOUT_MS }, async () => {
    const before = await bootId('host-2');
    await lab.kill('host-2', '--network');
    await eventually('silence', async () => (await stateOf('host-2')) !== 'Up', TIMEOUT_MS);
    await lab.heal('host-2');
    expect(await bootId('host-2')).toBe(before);
  });

  it('of the storage: what stands on the FUSE file system hangs, the plain directory does not', async () => {
    const write = (folder: string) =>
      lab.exec('host-2', [
        'timeout',
        '-s',
        'KILL',
        '3',
        'sh',
        '-c',
        `echo x > ${folder}/probe && sync ${folder}/probe`,
      ]);
    expect((await write('/srv/fuse')).code).toBe(0);
    await lab.kill('host-2', '--storage');
    expect((await write('/srv/shared')).code).toBe(0);
    expect((await write('/srv/fuse')).code).not.toBe(0);
    await lab.heal('host-2');
    expect((await write('/srv/fuse')).code).toBe(0);
    expect((await lab.exec('host-1', ['cat', '/srv/fuse/probe'])).stdout.trim()).toBe('x');
  });

  it('of the controller: nobody switches the host', async () => {
    await lab.kill('host-1', '--bmc');
    expect(await redfish('host-1', '/redfish/v1/')).toMatchObject({ status: 0 });
    expect(await stateOf('host-1')).toBe('Up');
    await lab.heal('host-1');
    expect(await powerState('host-1')).toBe('On');
  });
});

/** As the control plane keeps it. */
async function knownBootId(host: string): Promise<string> {
  const socket = `${lab.lab.home.mariadb}/sock`;
  const query = `SELECT boot_id FROM host WHERE id = '${lab.hostId(host)}'`;
  const words = ['--no-defaults', `--socket=${socket}`, '--user=root', '--batch', '--skip-column-names'];
  return (await run('mariadb', [...words, '-e', query, 'durastack'])).stdout.trim();
}
