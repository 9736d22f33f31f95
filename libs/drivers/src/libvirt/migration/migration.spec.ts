/** Two private libvirtds on this machine, each in a network namespace of its own, over one directory. */
import { join } from 'node:path';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { DurastackError } from '@durastack/contracts/errors';
import { describeMigrationConformance, type MigrationSubject } from '../../conformance/migration-conformance.js';
import { createLibvirtDriver } from '../driver.js';
import { startLibvirtdFixture, type LibvirtdFixture } from '../libvirtd-fixture.js';
import { makePool, networkOf, vmOf, volumeOf } from '../vm-fixture.js';

const refuse = (): never => {
  throw new DurastackError('BUG', 'This spec has no images');
};

async function makeSubject(): Promise<MigrationSubject> {
  const fixtures = [await startLibvirtdFixture(), await startLibvirtdFixture()] as const;
  const [one, other] = fixtures;
  const { instance } = one;
  const template = await makePool(one.dir);
  const shared = { ...template, pool: { ...template.pool, kind: 'shared-mount-point' as const } };
  const networks: NetworkSpec[] = [networkOf(instance, 1)];
  const makeDriver = ({ socketPath, networkNamespace, dir }: LibvirtdFixture) =>
    createLibvirtDriver({
      ...{ socketPath, networkNamespace, instance, stateDir: join(dir, 'state') },
      ...{ accelerator: 'tcg', images: { fetchImage: refuse, ensureImageGone: refuse } },
    });
  const [source, destination] = [makeDriver(one), makeDriver(other)];
  for (const driver of [source, destination]) await driver.start(() => undefined);
  let nextHost = 10;
  return {
    source,
    destination,
    makeVm: () => vmOf({ instance, volume: volumeOf(shared), networks, host: nextHost++ }),
    close: async () => {
      for (const driver of [source, destination]) {
        const context = { signal: new AbortController().signal, progress: () => undefined };
        for (const { id } of networks) await driver.verbs.ensureNetworkGone({ networkId: id }, context);
        await driver.stop();
      }
      for (const fixture of fixtures) await fixture.end();
    },
  };
}

describeMigrationConformance('libvirt', makeSubject);
