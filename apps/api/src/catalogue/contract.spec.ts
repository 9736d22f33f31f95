/**
 * CloudStack's clients are strict on names and JSON kinds: a number where they expect a text fails the whole call.
 * `cloudstack-replies.generated.json` says them as they are in CloudStack 4.18 to 4.22.
 */
import { readFileSync } from 'node:fs';
import { unwrap, wireName, wireOf } from '@durastack/contracts/fields';
import type { Command } from '@durastack/contracts/command';
import { newId } from '@durastack/kit/ids/new-id';
import { loadCatalogue } from '@durastack/kit/catalogue/load-catalogue';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeBelongings, makePlace } from '../testing/fixture.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';

type Kind = string | Kind[] | { [name: string]: Kind };
interface Reply {
  envelope: string;
  list?: string;
  wrapper?: string;
  isAsync: boolean;
  fields: Record<string, Kind>;
}

const table = JSON.parse(
  readFileSync(new URL('../testing/cloudstack-replies.generated.json', import.meta.url), 'utf8'),
) as Record<string, Reply>;

const forEach = (commands: string, ...fields: string[]): Record<string, string[]> =>
  Object.fromEntries(commands.split(' ').map((command) => [command, fields]));

/** What this product says beyond CloudStack; clients ignore unknown fields. */
const OWN_FIELDS: Readonly<Record<string, readonly string[]>> = {
  ...forEach(
    'queryAsyncJobResult listAsyncJobs',
    ...['state', 'summary', 'step', 'stepnumber', 'stepcount', 'detail', 'progress'],
  ),
  ...forEach('createServiceOffering updateServiceOffering listServiceOfferings', 'hapriority'),
  ...forEach(
    'deployVirtualMachine destroyVirtualMachine listVirtualMachines rebootVirtualMachine recoverVirtualMachine ' +
      'startVirtualMachine stopVirtualMachine updateVirtualMachine updateVMAffinityGroup resetSSHKeyForVirtualMachine ' +
      'restoreVirtualMachine addNicToVirtualMachine removeNicFromVirtualMachine updateDefaultNicForVirtualMachine ' +
      'updateVmNicIp resetUserDataForVirtualMachine listVirtualMachinesMetrics attachIso detachIso',
    // Clients from before several key pairs read `keypair`.
    ...['hapriority', 'keypair'],
  ),
  ...forEach('addHost listHosts listHostsMetrics reconnectHost updateHost', 'hareason', 'hasince'),
  listEvents: ['sourceaddress'],
  createZone: ['vxlanrange'],
  listZones: ['vxlanrange'],
  listZonesMetrics: ['vxlanrange'],
  updateZone: ['vxlanrange'],
  findHostsForMigration: ['unsuitablereasons', 'hareason', 'hasince'],
  findStoragePoolsForMigration: ['unsuitablereason'],
  registerUserData: ['project', 'projectid', 'domainpath'],
  ...forEach(
    'listTemplates createTemplate registerTemplate updateTemplate listIsos registerIso updateIso',
    ...['state', 'percent'],
  ),
  // CloudStack declares the fields of providers for it, and answers those of traffic types.
  listTrafficTypes: ['traffictype', ...['kvm', 'vmware', 'xen', 'hyperv', 'ovm3'].map((kind) => `${kind}networklabel`)],
  // CloudStack declares the fields of projects for it, and answers those of members.
  ...forEach(
    'listProjectAccounts',
    ...['projectid', 'project', 'account', 'accountid', 'accounttype', 'userid', 'username', 'role', 'projectroleid'],
  ),
};

const JSON_KINDS: Readonly<Record<string, readonly string[]>> = {
  uuid: ['string'],
  string: ['string'],
  date: ['string'],
  boolean: ['boolean'],
  integer: ['integer', 'number'],
  long: ['integer', 'number'],
  float: ['number'],
  map: ['object<string>', 'object'],
  object: ['object'],
};

function faultsOf(
  shape: Readonly<Record<string, z.ZodType>>,
  fields: Record<string, Kind>,
  own: readonly string[],
): string[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const wire = wireName(name, schema);
    if (own.includes(wire)) return [];
    const expected = fields[wire];
    if (expected === undefined) return [`${wire} is no field of CloudStack's reply`];
    if (expected === 'any') return [];
    const inner = unwrap(schema);
    if (inner instanceof z.ZodArray) return arrayFaults(wire, inner.element as z.ZodType, expected);
    if (inner instanceof z.ZodObject && typeof expected === 'object' && !Array.isArray(expected))
      return faultsOf(inner.shape as Record<string, z.ZodType>, expected, own).map((fault) => `${wire}.${fault}`);
    const kinds = JSON_KINDS[wireOf(schema)?.wire ?? ''] ?? [];
    const fits = typeof expected === 'string' && expected.split('|').some((kind) => kinds.includes(kind));
    return fits ? [] : [`${wire} is ${wireOf(schema)?.wire}, CloudStack says ${JSON.stringify(expected)}`];
  });
}

function arrayFaults(wire: string, element: z.ZodType, expected: Kind): string[] {
  if (typeof expected === 'string')
    return expected.startsWith('array') ? [] : [`${wire} is a list, CloudStack says ${expected}`];
  const [item] = Array.isArray(expected) ? expected : [];
  if (typeof item !== 'object' || Array.isArray(item)) return [`${wire} is a list, CloudStack says an object`];
  if (!(element instanceof z.ZodObject)) return [`${wire} is a list of plain values, CloudStack says of objects`];
  return faultsOf(element.shape as Record<string, z.ZodType>, item, []).map((fault) => `${wire}[].${fault}`);
}

const commands = [...(await loadCatalogue()).values()].filter((command) => command.name in table);

describe('declared replies', () => {
  it.each(commands.map((command) => [command.name, command] as const))('%s', (name, command: Command) => {
    const expected = table[name];
    if (!expected) throw new TypeError(name);
    const shape = (command.result?.shape ?? {}) as Record<string, z.ZodType>;
    expect(faultsOf(shape, expected.fields, OWN_FIELDS[name] ?? [])).toEqual([]);
    if (command.isList || command.wrapsInList) expect(command.wrapper).toBe(expected.list);
    else if (command.wrapper && expected.wrapper) expect(command.wrapper).toBe(expected.wrapper);
    const answersJob =
      command.answersAsJob === true ||
      (command.operation !== undefined && command.operation.cloudStackWaitMs === undefined);
    expect(answersJob, 'asynchronous here and there').toBe(expected.isAsync);
  });
});

describe('given replies', () => {
  let t: TestApi;
  let vmId: string;
  let templateId: string;
  let projectId: string;
  let domainId: string;
  let physicalNetworkId: string;
  beforeAll(async () => {
    t = await startTestApi();
    const place = await makePlace(t);
    const alice = await t.account('alice');
    await t.ok('createDomain', { name: 'below' });
    ({ domainId } = alice);
    ({ vmId, projectId, templateId } = await makeBelongings(t, place, alice));
    // What hosts say of migration is said of the others of its zone.
    await t.db.source.query(
      `INSERT INTO host (id, name, zone_id, pod_id, cluster_id, hypervisor, state, allocation_state, created_at)
       SELECT ?, 'another', zone_id, pod_id, cluster_id, hypervisor, state, allocation_state, NOW(3) FROM host WHERE id = ?`,
      [newId(), place.hostId],
    );
    const addresses = { startip: '192.0.2.10', endip: '192.0.2.11', gateway: '192.0.2.1', netmask: '255.255.255.0' };
    await t.ok('createVlanIpRange', { zoneid: place.zoneId, ...addresses });
    await t.ok('associateIpAddress', { zoneid: place.zoneId }, alice.keys);
    const { body } = await t.call('createPhysicalNetwork', { zoneid: place.zoneId, name: 'net' });
    physicalNetworkId = String(body['id']);
    await t.ok('addTrafficType', { physicalnetworkid: physicalNetworkId, traffictype: 'Guest' });
    await t.ok('createInstanceGroup', { name: 'group' }, alice.keys);
    await t.ok('registerUserData', { name: 'data', userdata: 'aGk=' }, alice.keys);
    await t.ok('createAffinityGroup', { name: 'group', type: 'host affinity' }, alice.keys);
    for (const [kind, id] of Object.entries({
      ...{ Host: place.hostId, Cluster: place.clusterId, Pod: place.podId, Zone: place.zoneId },
    }))
      await t.ok(`dedicate${kind}`, { [`${kind.toLowerCase()}id`]: id, domainid: alice.domainId });
    await t.ok('updateHost', { id: place.hostId, hosttags: 'ssd' });
    await t.ok('updateStoragePool', { id: place.poolId, tags: 'fast' });
    await t.ok('createTags', {
      resourceids: place.zoneId,
      resourcetype: 'Zone',
      'tags[0].key': 'a',
      'tags[0].value': 'b',
    });
  });
  afterAll(() => t.stop());

  /** Lists of what this product does not have. */
  const NOTHING_THERE = new Set(['listIpForwardingRules', 'listPortForwardingRules']);
  const lists = commands.filter((command) => command.isList);
  it.each(lists.map((command) => [command.name, command] as const))(
    '%s fits its declaration',
    async (name, command) => {
      const params = {
        ...('listAll' in command.params.shape ? { listall: 'true' } : {}),
        ...(name === 'findHostsForMigration' ? { virtualmachineid: vmId } : {}),
        ...(/^listProject(Accounts|Role)/.test(name) ? { projectid: projectId } : {}),
        ...(name === 'listTemplatePermissions' ? { id: templateId } : {}),
        ...(name === 'listResourceDetails' ? { resourcetype: 'UserVm' } : {}),
        ...(name === 'listTrafficTypes' ? { physicalnetworkid: physicalNetworkId } : {}),
        ...(name === 'listStorageProviders' ? { type: 'primary' } : {}),
        ...(name === 'listNics' ? { virtualmachineid: vmId } : {}),
        ...(name === 'updateResourceCount' ? { domainid: domainId } : {}),
      };
      const { status, envelope, body } = await t.call(name, params as Record<string, string>);
      expect([status, envelope]).toEqual([200, table[name]?.envelope]);
      if (NOTHING_THERE.has(name)) return expect(body).toEqual({});
      expect(Object.keys(body).sort()).toEqual(['count', String(table[name]?.list)].sort());
      const items = body[command.wrapper ?? ''] as Record<string, unknown>[];
      const declared = Object.entries((command.result?.shape ?? {}) as Record<string, z.ZodType>);
      for (const item of items) {
        const typed = Object.fromEntries(declared.map(([field, schema]) => [field, item[wireName(field, schema)]]));
        const loose = z.object(
          Object.fromEntries(
            declared.map(([field, schema]) => [
              field,
              unwrap(schema) instanceof z.ZodArray ? z.array(z.unknown()).optional() : schema,
            ]),
          ),
        );
        const parsed = loose.safeParse(typed);
        expect(parsed.error?.issues ?? []).toEqual([]);
      }
    },
  );
});
