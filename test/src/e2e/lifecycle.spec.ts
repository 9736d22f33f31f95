import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployParams, eventually, itemsOf, makeBasis, objectOf, type Basis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';

let cloud: Cloud;
let basis: Basis;
beforeAll(async () => {
  cloud = await startCloud();
  basis = await makeBasis(cloud, { hosts: 2 });
});
afterAll(() => cloud?.stop());

const vmState = async (id: string) =>
  itemsOf(await cloud.admin.call('listVirtualMachines', { id, listall: 'true' }))[0]?.['state'];

describe('a virtual machine through the API', () => {
  it('is deployed, stopped, started, rebooted, destroyed, recovered and expunged', async () => {
    const vm = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis, { name: 'web-1' })));
    expect(vm).toMatchObject({ name: 'web-1', state: 'Running', ipaddress: expect.stringMatching(/^10\.1\./) });
    const call = async (command: string, params: Record<string, string> = {}) =>
      objectOf(await cloud.admin.callAndWait(command, { id: vm.id, ...params }));
    expect(await call('stopVirtualMachine', { forced: 'true' })).toMatchObject({ state: 'Stopped' });
    expect(await call('startVirtualMachine')).toMatchObject({ state: 'Running' });
    expect(await call('rebootVirtualMachine', { forced: 'true' })).toMatchObject({ state: 'Running' });
    expect(await call('stopVirtualMachine')).toMatchObject({ state: 'Stopped' });
    expect(await call('destroyVirtualMachine')).toMatchObject({ state: 'Destroyed' });
    await cloud.admin.call('recoverVirtualMachine', { id: vm.id });
    expect(await vmState(vm.id)).toBe('Stopped');
    // Clients in Go read the machine out of the job, also when it is gone.
    const expunged = await cloud.admin.callAndWait('destroyVirtualMachine', { id: vm.id, expunge: 'true' });
    expect(expunged).toEqual({ virtualmachine: { id: vm.id, name: expect.any(String), state: 'Expunging' } });
    expect(await vmState(vm.id)).toBeUndefined();
  });

  it('is only recorded with startvm=false, and started later', async () => {
    const vm = objectOf(
      await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis, { startvm: 'false' })),
    );
    expect(vm).toMatchObject({ state: 'Stopped' });
    expect(objectOf(await cloud.admin.callAndWait('startVirtualMachine', { id: vm.id }))).toMatchObject({
      state: 'Running',
    });
  });

  it('32 at once by one account all run, each with an address of its own', async () => {
    const accepted = await Promise.all(
      Array.from({ length: 32 }, (_, index) =>
        cloud.admin.call('deployVirtualMachine', deployParams(basis, { name: `many-${index}` })),
      ),
    );
    const jobs = await Promise.all(accepted.map((reply) => cloud.admin.waitForJob(String(reply['jobid']))));
    expect(jobs.map((job) => job.jobstatus)).toEqual(jobs.map(() => 1));
    const addresses = jobs.map((job) => objectOf(job.jobresult ?? {})['ipaddress']);
    expect(new Set(addresses).size).toBe(32);
  });

  it('of many conflicting operations issued at once, they run in the order of acceptance', async () => {
    const vm = objectOf(await cloud.admin.callAndWait('deployVirtualMachine', deployParams(basis)));
    const jobs: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (const command of ['stopVirtualMachine', 'startVirtualMachine']) {
        jobs.push(
          String(
            (
              await cloud.admin.call(command, {
                id: vm.id,
                ...(command === 'stopVirtualMachine' ? { forced: 'true' } : {}),
              })
            )['jobid'],
          ),
        );
      }
    }
    const ended = await Promise.all(jobs.map((job) => cloud.admin.waitForJob(job)));
    expect(ended.map((job) => job.jobstatus)).toEqual(ended.map(() => 1));
    expect(await vmState(vm.id)).toBe('Running');
  });
});

describe('kill -9', () => {
  it('of the worker in the middle of deploys loses none of them', async () => {
    const accepted = await Promise.all(
      Array.from({ length: 10 }, () => cloud.admin.call('deployVirtualMachine', deployParams(basis))),
    );
    await cloud.worker.kill('SIGKILL');
    await cloud.worker.start();
    const jobs = await Promise.all(accepted.map((reply) => cloud.admin.waitForJob(String(reply['jobid']))));
    expect(jobs.map((job) => job.jobstatus)).toEqual(jobs.map(() => 1));
  });

  it('of agent, Temporal and API, one after the other, loses none either', async () => {
    for (const part of [cloud.agent, cloud.temporal, cloud.api]) {
      const accepted = await Promise.all(
        Array.from({ length: 5 }, () => cloud.admin.call('deployVirtualMachine', deployParams(basis))),
      );
      await part.kill('SIGKILL');
      await part.start();
      await eventually('the API answers', () =>
        cloud.admin.call('listZones').then(
          () => true,
          () => false,
        ),
      );
      const jobs = await Promise.all(accepted.map((reply) => cloud.admin.waitForJob(String(reply['jobid']))));
      expect(jobs.map((job) => job.jobstatus)).toEqual(jobs.map(() => 1));
    }
  });
});
