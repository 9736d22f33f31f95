/** Clients that CloudStack's users own already, unchanged, against the running API. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeBasis } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { installPythonPackages } from './python-packages.js';
import { runTypescriptTour } from './typescript-client.js';

const run = promisify(execFile);
const here = fileURLToPath(new URL('../../src/clients/', import.meta.url));
const cache = resolve(here, '../../../.durastack/cache/python');

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud();
  await makeBasis(cloud);
});
afterAll(() => cloud?.stop());

async function client(script: string, requirement: string): Promise<unknown> {
  const packages = await installPythonPackages(cache, [requirement]);
  const env = {
    PATH: process.env['PATH'],
    PYTHONPATH: packages,
    CLOUDSTACK_ENDPOINT: `${cloud.apiUrl}/client/api`,
    CLOUDSTACK_KEY: cloud.keys.apiKey,
    CLOUDSTACK_SECRET: cloud.keys.secretKey,
  };
  const { stdout } = await run('python3', [here + script], { env, timeout: 90_000 });
  return JSON.parse(stdout) as unknown;
}

it('cs lists, deploys, stops and destroys a machine', async () => {
  expect(await client('cs_client.py', 'cs==5.2.0')).toEqual({
    deployed: 'Running',
    address: expect.stringMatching(/^10\.1\./),
    listed: 1,
    tagged: 1,
    stopped: 'Stopped',
    destroyed: ['virtualmachine'],
    left: 0,
    error: expect.stringContaining('entity does not exist'),
  });
});

it('apache-libcloud lists, deploys, stops, starts, reboots and destroys a machine, and gives it a disk', async () => {
  expect(await client('libcloud_client.py', 'apache-libcloud==3.9.1')).toEqual({
    listed: 1,
    state: 'running',
    addresses: 1,
    disk: [true, [[2 ** 30, true]], true, true, 0],
    stopped: expect.anything(),
    started: expect.anything(),
    rebooted: true,
    destroyed: true,
    left: 0,
    refused: true,
  });
});

it('a TypeScript client that is generated from the API description pages, filters, repeats and watches', async () => {
  expect(await runTypescriptTour(cloud)).toEqual({
    deployed: 'succeeded',
    events: expect.any(Number),
    sameOperation: true,
    names: ['tour-1', 'tour-2', 'tour-3'],
    states: ['Running'],
    pages: 2,
    stopped: 0,
    problem: [404, 'NOT_FOUND'],
    left: 0,
  });
}, 240_000);
