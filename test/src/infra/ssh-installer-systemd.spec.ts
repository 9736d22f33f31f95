/** The agent's unit under a real systemd, on a machine of its own namespaces. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/basis.js';
import { FreshHost } from '../support/fresh-host.js';
import { SshEnrolment } from '../support/ssh-enrolment.js';

const HOST_ID = '6f1b0a52-33d2-4f7c-8a51-0d2f6f7a9c03';

let host: FreshHost;
let ssh: SshEnrolment;

beforeAll(async () => {
  host = await FreshHost.start({ systemd: true });
  ssh = await SshEnrolment.prepare(host);
});

afterAll(async () => {
  await ssh?.client.close();
  await host?.stop();
});

const answers = () =>
  eventually('an answer of the agent', () => ssh.client.health(ssh.agentAt(HOST_ID)).catch(() => undefined), 20_000);
const mainPid = () => host.run('systemctl show -p MainPID --value durastack-agent');

it('is a unit that systemd takes, on a system that has started', async () => {
  expect(host.run('systemctl is-system-running')).toBe('running');
  await ssh.installed(ssh.installer(), { hostId: HOST_ID });
  expect(host.run('systemd-analyze verify /etc/systemd/system/durastack-agent.service 2>&1')).toBe('');
  expect(host.run('systemctl is-enabled durastack-agent')).toBe('enabled');
});

it('keeps the host from starting machines by itself when it boots', () => {
  expect(host.run('systemctl show -p ExecStart libvirt-guests')).toMatch(/path=\/bin\/true/);
  expect(host.run('systemctl show -p ExecStart libvirt-guests')).not.toContain('libvirt-guests.sh');
});

it('starts the agent once it is enrolled, which reaches libvirt in spite of what is taken from it', async () => {
  await ssh.enrol(ssh.installer(), HOST_ID, 1);
  expect(await ssh.client.health(ssh.agentAt(HOST_ID))).toMatchObject({ hostId: HOST_ID, incarnation: 1 });
  const facts = await ssh.client.call(ssh.agentAt(HOST_ID), 'getFacts', {});
  expect(facts.hypervisorVersion).toMatch(/^\d+\./);
});

it('starts it again after kill -9, and when it was installed again', async () => {
  const first = mainPid();
  host.run(`kill -9 ${first}`);
  await answers();
  const second = mainPid();
  expect(second).not.toBe(first);
  await ssh.installed(ssh.installer(), { hostId: HOST_ID });
  await answers();
  expect(mainPid()).not.toBe(second);
});

it('leaves nothing of it behind', async () => {
  await ssh.installer().uninstall({ hostId: HOST_ID });
  expect(host.run('systemctl is-active durastack-agent || true')).toBe('inactive');
  expect(
    host.run(
      'ls -d /etc/systemd/system/durastack-agent.service /etc/systemd/system/libvirt-guests.service.d /opt/durastack 2>/dev/null || true',
    ),
  ).toBe('');
});
