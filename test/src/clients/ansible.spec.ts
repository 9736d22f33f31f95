/** The playbooks of docs/examples/ansible against the running API: built, built again without a change, torn down. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DurastackError } from '@durastack/contracts/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHECKOUT } from '../arch/scratch-tree.js';
import { itemsOf } from '../support/basis.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { installAnsible } from './python-packages.js';

const run = promisify(execFile);
const PLAYBOOKS = join(CHECKOUT, 'docs/examples/ansible');
/** The release that Debian 12's Python runs. */
const RELEASE = {
  ansible: 'ansible==12.3.0',
  requirements: ['ansible-core==2.19.5', 'cs==5.2.0', 'sshpubkeys==3.3.1'],
  // The second one prints results as JSON.
  collections: ['ngine_io.cloudstack', 'ansible.posix'],
};
/** Half a minute of one processor's work and a dozen polls; a machine that is busy elsewhere takes minutes. */
const PLAYBOOK_TIMEOUT_MS = 600_000;

/** What Ansible's JSON says about one task on one host. */
interface TaskResult {
  readonly changed?: boolean;
  readonly failed?: boolean;
  readonly msg?: string;
}

let cloud: Cloud;
let packages: string;
beforeAll(async () => {
  packages = await installAnsible(join(CHECKOUT, '.durastack/cache/python'), RELEASE);
  cloud = await startCloud();
  for (const folder of ['primary', 'secondary']) mkdirSync(join(cloud.directory, folder));
  const { agentPort, token, fingerprint } = cloud.enrolment;
  const variables = {
    host: 'rack-7',
    host_url: `agent://127.0.0.1:${agentPort}/rack-7?fingerprint=${fingerprint}`,
    host_password: token,
    primary_storage: `SharedMountPoint://localhost${cloud.directory}/primary`,
    secondary_storage: `file://${cloud.directory}/secondary`,
    account_password: 'an example of a long one',
  };
  writeFileSync(join(cloud.directory, 'place.json'), JSON.stringify(variables), { mode: 0o600 });
}, 240_000);
afterAll(() => cloud?.stop());

/** Runs one; gives its tasks by name that changed something and how many there were. Fails with what they said. */
async function play(playbook: string): Promise<{ changed: string[]; tasks: number }> {
  const env = {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    PYTHONPATH: packages,
    ANSIBLE_HOME: join(cloud.directory, 'ansible'),
    ANSIBLE_COLLECTIONS_PATH: packages,
    ANSIBLE_STDOUT_CALLBACK: 'ansible.posix.json',
    ANSIBLE_PIPELINING: 'true',
    // Adding a host is answered when it is there; the modules wait for 10 seconds otherwise.
    CLOUDSTACK_TIMEOUT: '120',
    CLOUDSTACK_ENDPOINT: `${cloud.apiUrl}/client/api`,
    CLOUDSTACK_KEY: cloud.keys.apiKey,
    CLOUDSTACK_SECRET: cloud.keys.secretKey,
  };
  const args = [
    '-m',
    'ansible',
    'playbook',
    '-e',
    `@${join(cloud.directory, 'place.json')}`,
    join(PLAYBOOKS, playbook),
  ];
  const options = { env, timeout: PLAYBOOK_TIMEOUT_MS, maxBuffer: 2 ** 26 };
  const { stdout, killed } = await run('python3', args, options).then(
    (done) => ({ ...done, killed: false }),
    (error: unknown) => error as { stdout?: string; killed?: boolean },
  );
  // Warnings may stand before it.
  const report = JSON.parse((stdout ?? '').replace(/^[^{]*/, '') || '{"plays":[]}') as {
    plays: { tasks: { task: { name: string }; hosts: Record<string, TaskResult> }[] }[];
  };
  const results = report.plays.flatMap(({ tasks }) =>
    tasks.flatMap(({ task, hosts }) => Object.values(hosts).map((result) => ({ ...result, name: task.name }))),
  );
  const failed = results.filter((result) => result.failed).map(({ name, msg }) => `${name}: ${msg}`);
  if (failed.length > 0 || results.length === 0)
    throw new DurastackError(
      'BUG',
      `${playbook} failed: ${failed.join('; ') || (killed ? 'it took too long' : stdout)}`,
    );
  return { changed: results.filter(({ changed }) => changed).map(({ name }) => name), tasks: results.length };
}

/** What the playbooks make. */
const LISTS = [
  ...['Zones', 'Pods', 'Clusters', 'Hosts', 'StoragePools', 'ImageStores', 'PhysicalNetworks', 'VlanIpRanges'],
  ...['Domains', 'Accounts', 'Users', 'Roles', 'Projects', 'SSHKeyPairs', 'AffinityGroups', 'InstanceGroups'],
  ...['NetworkOfferings', 'ServiceOfferings', 'DiskOfferings', 'Templates', 'Networks', 'VirtualMachines', 'Volumes'],
  'Tags',
];

/** How many there are of each that the playbooks make. */
async function census(): Promise<Record<string, number>> {
  const count = async (list: string): Promise<[string, number]> => {
    const scope = { listall: 'true', ...(list === 'Templates' ? { templatefilter: 'all' } : {}) };
    return [list, itemsOf(await cloud.admin.call(`list${list}`, scope)).length];
  };
  return Object.fromEntries(await Promise.all(LISTS.map(count)));
}

it(
  'builds a small infrastructure, finds nothing to change the second time, and removes all of it',
  async () => {
    const before = await census();
    const built = await play('site.yml');
    const between = await census();
    expect(LISTS.filter((list) => between[list]! <= before[list]!)).toEqual([]);
    expect(await play('site.yml')).toEqual({ changed: [], tasks: built.tasks });
    await play('teardown.yml');
    expect(await census()).toEqual(before);
  },
  3 * PLAYBOOK_TIMEOUT_MS,
);
