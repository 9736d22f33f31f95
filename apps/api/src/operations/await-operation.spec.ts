import { createStoragePool } from '@durastack/contracts/storage/create-storage-pool';
import { newId } from '@durastack/kit/ids/new-id';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings } from '../testing/fixture.js';
import { startTestApi, type TestAccount, type TestApi } from '../testing/test-api.js';
import { awaitOperation } from './await-operation.js';

let t: TestApi;
let alice: TestAccount;
let belongings: Belongings;
beforeAll(async () => {
  t = await startTestApi();
  alice = await t.account('alice');
  belongings = await makeBelongings(t, await makePlace(t), alice);
});
afterAll(() => t.stop());

/** Ends the operation of the fixture as the last step of a workflow would. */
async function end(state: string, error?: { code: string; message: string }): Promise<void> {
  await t.db.source.query(
    'UPDATE operation SET state = ?, error_code = ?, error_message = ?, ended_at = NOW(3) WHERE id = ?',
    [state, error?.code ?? null, error?.message ?? null, belongings.operationId],
  );
}

const started = () => ({ operationId: belongings.operationId, resourceId: belongings.vmId });
const command = { ...createStoragePool, operation: { ...createStoragePool.operation, cloudStackWaitMs: 400 } };

describe('awaitOperation', () => {
  it('returns when the operation has succeeded', async () => {
    await end('running');
    const waiting = awaitOperation(t.api.platform, command, started());
    await end('succeeded');
    await expect(waiting).resolves.toBeUndefined();
  });

  it('throws what the operation failed with', async () => {
    await end('failed', { code: 'NO_CAPACITY', message: 'No host has room.' });
    await expect(awaitOperation(t.api.platform, command, started())).rejects.toMatchObject({
      code: 'NO_CAPACITY',
      message: 'No host has room.',
    });
  });

  it('names the operation when it takes longer than declared', async () => {
    await end('running');
    await expect(awaitOperation(t.api.platform, command, started())).rejects.toMatchObject({
      code: 'TIMEOUT',
      details: { operationId: belongings.operationId },
    });
  });
});

describe('queryAsyncJobResult', () => {
  const job = () => t.ok<Record<string, unknown>>('queryAsyncJobResult', { jobid: belongings.operationId }, alice.keys);

  it('says how far an operation is', async () => {
    await end('running');
    const answer = await job();
    expect(answer).toMatchObject({
      jobstatus: 0,
      jobprocstatus: 25,
      jobresultcode: 0,
      step: 'Stop the machine',
      stepnumber: 2,
    });
    expect(answer).not.toHaveProperty('jobresult');
  });

  it('wraps what it made as its command declares', async () => {
    await end('succeeded');
    const { jobresult, ...answer } = await job();
    expect(answer).toMatchObject({
      jobstatus: 1,
      jobresultcode: 0,
      jobprocstatus: 100,
      jobresulttype: 'object',
      cmd: 'rebootVirtualMachine',
    });
    expect(jobresult).toMatchObject({ virtualmachine: { id: belongings.vmId, nic: [{ ipaddress: '10.9.0.10' }] } });
  });

  it('gives the error with its code', async () => {
    await end('failed', { code: 'NO_CAPACITY', message: 'No host has room.' });
    expect(await job()).toMatchObject({
      jobstatus: 2,
      jobresultcode: 533,
      jobresult: { errorcode: 533, errortext: 'No host has room.' },
    });
  });

  it('is in listAsyncJobs while it is under way, and afterwards by date', async () => {
    await end('running');
    expect(await t.ok('listAsyncJobs', {}, alice.keys)).toMatchObject([
      { jobid: belongings.operationId, jobstatus: 0 },
    ]);
    await end('succeeded');
    expect((await t.call('listAsyncJobs', {}, alice.keys)).body).toEqual({});
    expect(await t.ok('listAsyncJobs', { startdate: '2020-01-01' }, alice.keys)).toHaveLength(1);
  });
});

describe('cancelAsyncJob', () => {
  it('ends what is queued, asks what runs, and is too late after the pivot', async () => {
    const cancel = () => t.call('cancelAsyncJob', { jobid: belongings.operationId }, alice.keys);
    await end('running');
    expect((await cancel()).body).toEqual({ success: 'true' });
    const [row] = (await t.db.source.query('SELECT cancel_requested_at FROM operation WHERE id = ?', [
      belongings.operationId,
    ])) as { cancel_requested_at: unknown }[];
    expect(row?.cancel_requested_at).not.toBeNull();
    await t.db.source.query("UPDATE operation SET direction = 'past-pivot' WHERE id = ?", [belongings.operationId]);
    expect((await cancel()).body['errortext']).toContain('Stop the machine');
    expect((await t.call('cancelAsyncJob', { jobid: newId() }, alice.keys)).status).toBe(431);
  });
});
