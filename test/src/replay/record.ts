/**
 * Records a history of every workflow, done and undone: `node test/dist/replay/record.js`.
 *
 * Until the first tagged release they may be recorded anew when a workflow changes; afterwards changed behaviour
 * goes behind `patched()`, and old histories stay.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import setupMariadb from '../support/global-setup.js';
import { deployParams, makeBasis, objectOf } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { Client, Connection } from '@temporalio/client';
import { HISTORIES } from './histories.js';

const dropMariadb = await setupMariadb();
const cloud = await startCloud();
try {
  await everyOperation(cloud);
  await save(cloud);
} finally {
  await cloud.stop();
  await dropMariadb();
}

async function everyOperation(world: Cloud): Promise<void> {
  const basis = await makeBasis(world, { hosts: 2 });
  const { admin } = world;
  const vm = objectOf(await admin.callAndWait('deployVirtualMachine', deployParams(basis)));
  for (const command of [
    'rebootVirtualMachine',
    'stopVirtualMachine',
    'startVirtualMachine',
    'destroyVirtualMachine',
    'expungeVirtualMachine',
  ]) {
    await admin.callAndWait(command, { id: vm.id });
  }
  // Larger than any host: turned back at its first step.
  const huge = objectOf(
    await admin.callAndWait('createServiceOffering', {
      name: 'huge',
      displaytext: 'huge',
      cpunumber: '512',
      cpuspeed: '4000',
      memory: '9000000',
    }),
  );
  const refused = await admin.call('deployVirtualMachine', { ...deployParams(basis), serviceofferingid: huge.id });
  await admin.waitForJob(String(refused['jobid']));
  await admin.callAndWait('destroyVirtualMachine', { id: String(refused['id']), expunge: 'true' });
  await admin.callAndWait('reconnectHost', { id: basis.hostIds[0]! });
  await admin.callAndWait('deleteHost', { id: basis.hostIds[1]! });
  await admin.callAndWait('deleteNetwork', { id: basis.networkId });
  await admin.callAndWait('deleteTemplate', { id: basis.templateId });
  await admin.callAndWait('deleteStoragePool', { id: basis.poolId });
}

async function save(world: Cloud): Promise<void> {
  const connection = await Connection.connect({ address: world.temporalAddress });
  const client = new Client({ connection });
  const counts = new Map<string, number>();
  for await (const execution of client.workflow.list()) {
    const show = [
      'workflow',
      'show',
      '--workflow-id',
      execution.workflowId,
      '--output',
      'json',
      '--address',
      world.temporalAddress,
    ];
    const history = execFileSync(world.temporalBinary, show, {
      encoding: 'utf8',
      env: { HOME: world.directory },
      maxBuffer: 2 ** 26,
    });
    const number = (counts.get(execution.type) ?? 0) + 1;
    counts.set(execution.type, number);
    mkdirSync(HISTORIES + execution.type, { recursive: true });
    writeFileSync(`${HISTORIES}${execution.type}/recorded-${number}.json`, withoutMachine(history));
  }
  await connection.close();
  process.stdout.write(`${[...counts].map(([type, count]) => `${type}: ${count}`).join('\n')}\n`);
}

/** Where it was recorded does not belong into the repository, and replaying does not look at it. */
function withoutMachine(history: string): string {
  const foreign = new Set(['stackTrace', 'identity']);
  const kept = (key: string, value: unknown) => (foreign.has(key) ? '' : value);
  return `${JSON.stringify(JSON.parse(history), kept, 1)}\n`;
}
