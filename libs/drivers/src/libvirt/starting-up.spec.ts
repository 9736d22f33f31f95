/** What a host says of a machine whose QEMU is up, and that libvirt has not let run yet. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HostDriver, VerbContext } from '../driver.js';
import { createLibvirtDriver } from './driver.js';
import { startLibvirtdFixture, type LibvirtdFixture } from './libvirtd-fixture.js';
import { makePool, networkOf, vmOf, volumeOf } from './vm-fixture.js';

const LIMIT_MS = 60_000;

const refuse = (): never => {
  throw new DurastackError('BUG', 'This spec fetches no images');
};
const context: VerbContext = { signal: new AbortController().signal, progress: () => undefined };

let libvirtd: LibvirtdFixture;
let driver: HostDriver;
beforeAll(async () => {
  libvirtd = await startLibvirtdFixture();
  const { socketPath, networkNamespace, instance, dir } = libvirtd;
  driver = createLibvirtDriver({
    ...{ socketPath, networkNamespace, instance, stateDir: join(dir, 'state'), accelerator: 'tcg' },
    images: { fetchImage: refuse, ensureImageGone: refuse },
  });
  await driver.start(() => undefined);
}, LIMIT_MS);
afterAll(async () => {
  await driver?.stop();
  await libvirtd?.end();
});

/** Its QEMU, as soon as it is one: until then it is a copy of libvirtd. */
async function qemuOf(domainName: string): Promise<number> {
  for (;;) {
    try {
      const pid = Number(readFileSync(join(libvirtd.dir, 'lv', 'run', 'qemu', `${domainName}.pid`), 'utf8'));
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(domainName)) return pid;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await sleep(1);
  }
}

it('is held when libvirtd dies then: what never ran is no machine, and goes', { timeout: LIMIT_MS }, async () => {
  const volume = volumeOf(await makePool(libvirtd.dir));
  await driver.verbs.ensureVolume({ volume }, context);
  const vm = vmOf({ instance: libvirtd.instance, volume, networks: [networkOf(libvirtd.instance, 1)], host: 10 });
  const starting = driver.verbs.ensureVmRunning({ vm }, context).catch((error: unknown) => error);
  const qemu = await qemuOf(vm.domainName);
  process.kill(qemu, 'SIGSTOP');
  await libvirtd.kill();
  expect(await starting).toBeInstanceOf(DurastackError);
  await libvirtd.restart();
  const side = async () => (await driver.verbs.endMigration({ vmId: vm.id }, context)).side;
  try {
    await expect
      .poll(() => side().catch((error: unknown) => isDurastackError(error) && error.code), { timeout: LIMIT_MS })
      .not.toBe('BACKEND_BUSY');
    expect(await side()).toBe('held');
  } finally {
    process.kill(qemu, 'SIGCONT');
  }
  await expect.poll(side, { timeout: LIMIT_MS }).toBe('off');
  await driver.verbs.ensureVmGone({ vmId: vm.id }, context);
  for (const { network } of vm.nics) await driver.verbs.ensureNetworkGone({ networkId: network.id }, context);
});
