/** The installer against a real sshd on a machine of its own namespaces; the agent that it installs is the real one. */
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDurastackError } from '@durastack/contracts/errors';
import { certificateFingerprint } from '@durastack/kit/tls/certificate-holder';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FreshHost } from '../support/fresh-host.js';
import { SshEnrolment } from '../support/ssh-enrolment.js';

const HOST_ID = '6f1b0a52-33d2-4f7c-8a51-0d2f6f7a9c01';
const OTHER_ID = '6f1b0a52-33d2-4f7c-8a51-0d2f6f7a9c02';
const STATE = '/var/lib/durastack/agent';

let host: FreshHost;
let ssh: SshEnrolment;

const agentPid = (): string => host.run('cat /run/durastack-agent.pid');

beforeAll(async () => {
  host = await FreshHost.start();
  ssh = await SshEnrolment.prepare(host);
});

afterAll(async () => {
  await ssh?.client.close();
  await host?.stop();
});

describe('before anything is installed', () => {
  it('refuses another host key before it says who it is', async () => {
    const wrong = `SHA256:${'A'.repeat(43)}`;
    const refused = ssh.installer({ fingerprint: wrong }).install({ hostId: HOST_ID });
    await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN', retryable: false });
    await expect(refused).rejects.toThrow(wrong);
    for (const kind of ['ed25519', 'ecdsa', 'rsa'] as const)
      await expect(refused).rejects.toThrow(host.fingerprint(kind));
    expect(host.log()).toContain('Connection from');
    expect(host.log()).not.toMatch(/userauth|for (invalid user )?root/i);
  });

  it('refuses what is no fingerprint', async () => {
    const refused = ssh.installer({ fingerprint: 'MD5:00:11' }).install({ hostId: HOST_ID });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it.each(['ed25519', 'ecdsa', 'rsa'] as const)('takes the fingerprint of its %s key', async (kind) => {
    const installer = ssh.installer({ fingerprint: host.fingerprint(kind) });
    await expect(installer.uninstall({ hostId: HOST_ID })).resolves.toBeUndefined();
  });

  it('says which user and method a host refuses, and not the password', async () => {
    const secret = 'not-the-password';
    const error = await ssh
      .installer({ password: secret })
      .install({ hostId: HOST_ID })
      .catch((failure: unknown) => failure);
    expect(isDurastackError(error, 'INVALID_INPUT') && error.message).toMatch(/password of the SSH user root/);
    expect(JSON.stringify(error) + String(error)).not.toContain(secret);
  });

  it('refuses a key that is none', async () => {
    await expect(ssh.installer({ privateKey: 'rubbish' }).install({ hostId: HOST_ID })).rejects.toThrow(
      /private key cannot be read/,
    );
  });

  it('tells an unreachable host from a refusal', async () => {
    const away = ssh.installer({ port: 23 }).install({ hostId: HOST_ID });
    await expect(away).rejects.toMatchObject({ code: 'HOST_UNREACHABLE', retryable: true });
  });

  it('refuses a user who may not become root', async () => {
    const refused = ssh.installer({ username: 'plain' }).install({ hostId: HOST_ID });
    await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(refused).rejects.toThrow(/plain may not become root/);
  });

  it('refuses a system that is not supported, and a disk without room', async () => {
    host.run(
      `cp -a /etc/os-release /etc/os-release.kept; printf 'ID=fedora\\nVERSION_ID=40\\n' > /etc/new; mv /etc/new /etc/os-release`,
    );
    await expect(ssh.installer().install({ hostId: HOST_ID })).rejects.toThrow(/it runs fedora; Debian 12/);
    host.run('mv /etc/os-release.kept /etc/os-release; mount -t tmpfs -o size=10M tmpfs /opt');
    const full = ssh.installer().install({ hostId: HOST_ID });
    await expect(full).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    await expect(full).rejects.toThrow(/10 MiB free/);
    host.run('umount /opt');
  });

  it('has changed nothing there so far', () => {
    expect(host.run('ls -d /opt/durastack /etc/durastack /var/lib/durastack 2>/dev/null || true')).toBe('');
  });
});

describe('a host', () => {
  it('is installed by key and sudo, whenever the connection breaks', async () => {
    const installer = ssh.installer({ username: 'deployer', privateKey: host.privateKey });
    for (const afterMs of [150, 400, 900, 1_500]) {
      const attempt = installer.install({ hostId: HOST_ID }).then(
        () => 'finished',
        (error: unknown) => (isDurastackError(error) ? error.code : error),
      );
      await sleep(afterMs);
      host.run(
        `for pid in $(pgrep -x sshd); do [ "$(ps -o ppid= -p $pid)" -eq 1 ] || kill -9 $pid; done 2>/dev/null; true`,
      );
      expect(['finished', 'HOST_UNREACHABLE']).toContain(await attempt);
    }
    await ssh.installed(installer, { hostId: HOST_ID });
    expect(host.run('stat -c %a:%U /etc/durastack/agent.env /opt/durastack/agent/node')).toBe('600:root\n755:root');
    // All packages are there: no job was started for them.
    expect(host.run('ls /var/lib/durastack')).toBe('agent\nhost');
    expect(host.run('ls -A /opt/durastack/agent')).toBe('agent.mjs\nnode');
  });

  it('is enrolled through the exec channel and then answers over mutual TLS', async () => {
    await ssh.enrol(ssh.installer(), HOST_ID, 1);
    expect(await ssh.client.health(ssh.agentAt(HOST_ID))).toMatchObject({
      hostId: HOST_ID,
      incarnation: 1,
      driver: 'libvirt',
    });
    await expect(ssh.client.health(ssh.agentAt(OTHER_ID))).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    const facts = await ssh.client.call(ssh.agentAt(HOST_ID), 'getFacts', {});
    expect(facts.cpuCount).toBeGreaterThan(0);
    expect(host.run(`stat -c %a ${STATE} ${STATE}/identity.json`)).toBe('700\n600');
  });

  it('is installed again without sending anything twice', async () => {
    const before = { node: host.run('stat -c %i:%Y /opt/durastack/agent/node'), pid: agentPid() };
    await ssh.installed(ssh.installer(), { hostId: HOST_ID });
    expect(host.run('stat -c %i:%Y /opt/durastack/agent/node')).toBe(before.node);
    expect(agentPid()).not.toBe(before.pid);
    expect(await ssh.client.health(ssh.agentAt(HOST_ID))).toMatchObject({ incarnation: 1 });
  });

  it('gets a new bundle, and the agent starts anew with it', async () => {
    const newBundle = join(host.directory, 'newer.mjs');
    copyFileSync(ssh.sources.bundleFile, newBundle);
    appendFileSync(newBundle, '\n// newer\n');
    const before = agentPid();
    await ssh.installed(ssh.installer({}, { bundleFile: newBundle }), { hostId: HOST_ID });
    expect(host.run('tail -n 1 /opt/durastack/agent/agent.mjs')).toBe('// newer');
    expect(agentPid()).not.toBe(before);
    expect(await ssh.client.health(ssh.agentAt(HOST_ID))).toMatchObject({ hostId: HOST_ID });
  });

  it('gets a file whole, whatever an earlier attempt left of it', async () => {
    const sum = createHash('sha256').update(readFileSync(ssh.sources.nodeFile)).digest('hex');
    const part = `/opt/durastack/agent/.node.${sum.slice(0, 16)}.part`;
    // A good beginning, then damage, then a stranger's part.
    host.run(`cd /opt/durastack/agent; head -c 70000000 node > ${part}; rm node; touch .node.0123456789abcdef.part`);
    await ssh.installed(ssh.installer(), { hostId: HOST_ID });
    expect(host.run('sha256sum < /opt/durastack/agent/node')).toContain(sum);
    host.run(`cd /opt/durastack/agent; rm node; head -c 90000000 /dev/zero > ${part}`);
    await ssh.installed(ssh.installer(), { hostId: HOST_ID });
    expect(host.run('sha256sum < /opt/durastack/agent/node')).toContain(sum);
    expect(host.run('ls -A /opt/durastack/agent')).toBe('agent.mjs\nnode');
  });

  it('says what went wrong there in the words of the host', async () => {
    host.run('mount -t tmpfs -o size=410M tmpfs /opt && mkdir -p /opt/durastack && touch /opt/durastack/agent');
    const refused = ssh.installer().install({ hostId: HOST_ID });
    await expect(refused).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    await expect(refused).rejects.toThrow(/making folders failed: mkdir: .*File exists/);
    host.run('umount /opt');
  });

  it('is not taken for another one, unless that one is gone', async () => {
    const installer = ssh.installer();
    const taken = installer.install({ hostId: OTHER_ID });
    await expect(taken).rejects.toMatchObject({ code: 'CONFLICT', details: { hostId: HOST_ID } });
    await installer.uninstall({ hostId: OTHER_ID });
    expect(await ssh.client.health(ssh.agentAt(HOST_ID))).toMatchObject({ hostId: HOST_ID });

    const present: unknown[] = [];
    await ssh.installed(installer, {
      hostId: OTHER_ID,
      mayReplace: (claim) => Promise.resolve(present.push(claim) > 0),
    });
    expect(present).toEqual([{ hostId: HOST_ID, authority: certificateFingerprint(ssh.authority.certificatePem) }]);
    await ssh.enrol(installer, OTHER_ID, 1);
    expect(await ssh.client.health(ssh.agentAt(OTHER_ID))).toMatchObject({ hostId: OTHER_ID });
  });

  it('is given back with everything that belongs to machines left where it is', async () => {
    host.run(`mkdir -p ${STATE}/vms/one && echo seed > ${STATE}/vms/one/seed.img`);
    const installer = ssh.installer();
    await installer.uninstall({ hostId: OTHER_ID });
    await installer.uninstall({ hostId: OTHER_ID });
    expect(
      host.run('ls -d /opt/durastack /etc/durastack /etc/systemd/system/durastack-agent.service 2>/dev/null || true'),
    ).toBe('');
    expect(host.run(`cat ${STATE}/vms/one/seed.img; ls ${STATE}/identity.json 2>/dev/null || true`)).toBe('seed');
    expect(host.run("pgrep -f '[a]gent.mjs' || true")).toBe('');
    await expect(ssh.client.health(ssh.agentAt(OTHER_ID))).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });
});

describe('packages', () => {
  it('that are missing are installed by apt-get, whose words are told when it cannot', async () => {
    host.run(
      'dpkg --remove --force-depends mtools; rm -rf /etc/apt/sources.list /etc/apt/sources.list.d /var/lib/apt/lists',
    );
    const refused = ssh.installed(ssh.installer(), { hostId: HOST_ID });
    await expect(refused).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    await expect(refused).rejects.toThrow(/installing mtools failed: .*E: .*mtools/s);

    host.run(`set -e
      mkdir -p /srv/repository/mtools/DEBIAN && cd /srv/repository
      printf 'Package: mtools\\nVersion: 99\\nArchitecture: amd64\\nMaintainer: test\\nDescription: stands in\\n' > mtools/DEBIAN/control
      dpkg-deb -b mtools mtools.deb > /dev/null
      { cat mtools/DEBIAN/control; echo "Filename: ./mtools.deb"; echo "Size: $(stat -c %s mtools.deb)"; echo "SHA256: $(sha256sum mtools.deb | cut -d ' ' -f 1)"; } > Packages
      echo 'deb [trusted=yes] file:/srv/repository ./' > /etc/apt/sources.list`);
    await ssh.installed(ssh.installer(), { hostId: HOST_ID });
    expect(host.run("dpkg-query -W -f='${Version} ${db:Status-Status}' mtools")).toBe('99 installed');
    await ssh.installer().uninstall({ hostId: HOST_ID });
  });
});
