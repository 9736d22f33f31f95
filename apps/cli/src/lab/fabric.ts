/** What joins the hosts of a lab: a management bridge of this machine, and a namespace with underlay and storage. */
import { randomBytes } from 'node:crypto';
import type { Subnet } from '../first-cloud/free-subnet.js';
import { run, runOrFail } from '../system/run.js';
import { planFabric, UNDERLAY_MTU, type Cable, type HostPlan } from './lab-plan.js';

const PURPOSE = 'Setting up the network of the lab';

/** Makes the bridges; what is there already stays. */
export async function makeFabric(instance: string, subnet: Subnet): Promise<void> {
  const plan = planFabric(instance);
  if (!(await hasLink(plan.managementBridge))) {
    // One of its own: a bridge without takes the lowest of its ports', and another one when that port goes, so that for
    // up to a minute the other hosts would speak to an address that nobody has.
    await ip('link', 'add', plan.managementBridge, 'address', randomMac(), 'type', 'bridge');
    await quietBridge(plan.managementBridge);
    await ip('address', 'add', `${subnet.gateway}/24`, 'dev', plan.managementBridge);
  }
  await ip('link', 'set', 'dev', plan.managementBridge, 'up');
  await addNamespace(plan.namespace);
  for (const bridge of [plan.underlayBridge, plan.storageBridge]) {
    if (await hasLink(bridge, plan.namespace)) continue;
    await ip('-netns', plan.namespace, 'link', 'add', bridge, 'type', 'bridge');
    await ip('-netns', plan.namespace, 'link', 'set', 'dev', bridge, 'mtu', String(UNDERLAY_MTU), 'up');
  }
}

/** A locally administered unicast address (IEEE 802, 8.2). */
function randomMac(): string {
  return ['02', ...randomBytes(5).toString('hex').match(/../g)!].join(':');
}

/** Gives a host a network namespace with its three cables; there must be none of that name. */
export async function connectHost(instance: string, { namespace, cables }: HostPlan): Promise<void> {
  const fabric = planFabric(instance);
  await addNamespace(namespace);
  await plug(cables.management, namespace, { bridge: fabric.managementBridge });
  await plug(cables.underlay, namespace, { bridge: fabric.underlayBridge, in: fabric.namespace, mtu: UNDERLAY_MTU });
  await plug(cables.storage, namespace, { bridge: fabric.storageBridge, in: fabric.namespace });
}

/** Takes cables and namespace away; repeating it does nothing. */
export async function disconnectHost(instance: string, { namespace, cables }: HostPlan): Promise<void> {
  const fabric = planFabric(instance);
  // A namespace's own end goes some time after it; here it is gone at once.
  await run('ip', ['link', 'delete', 'dev', cables.management.peer]);
  for (const { peer } of [cables.underlay, cables.storage]) {
    await run('ip', ['-netns', fabric.namespace, 'link', 'delete', 'dev', peer]);
  }
  await deleteNamespace(namespace);
}

/** Joins a namespace to the storage network; nothing happens to one that is joined. */
export async function joinStorage(instance: string, cable: Cable, namespace: string): Promise<void> {
  const fabric = planFabric(instance);
  await addNamespace(namespace);
  if (await hasLink(cable.device, namespace)) return;
  await plug(cable, namespace, { bridge: fabric.storageBridge, in: fabric.namespace });
  await ip('-netns', namespace, 'link', 'set', 'dev', 'lo', 'up');
  await ip('-netns', namespace, 'address', 'add', `${cable.address}/24`, 'dev', cable.device);
  await ip('-netns', namespace, 'link', 'set', 'dev', cable.device, 'up');
}

/** Pulls a cable out or plugs it in again, at the end that is not the host's. */
export async function switchCable(instance: string, kind: keyof HostPlan['cables'], cable: Cable, up: boolean) {
  const where = kind === 'management' ? [] : ['-netns', planFabric(instance).namespace];
  await ip(...where, 'link', 'set', 'dev', cable.peer, up ? 'up' : 'down');
}

/** Another address of the management bridge: a management controller listens there. */
export async function addManagementAddress(instance: string, address: string): Promise<void> {
  await ip('address', 'replace', `${address}/24`, 'dev', planFabric(instance).managementBridge);
}

/** Removes the bridges and the namespace; repeating it does nothing. */
export async function removeFabric(instance: string): Promise<void> {
  const plan = planFabric(instance);
  await deleteNamespace(plan.namespace);
  if (await hasLink(plan.managementBridge)) await ip('link', 'delete', 'dev', plan.managementBridge);
}

/** Names of the network namespaces that belong to an instance. */
export async function namespacesOf(instance: string): Promise<string[]> {
  const text = await runOrFail(PURPOSE, 'ip', ['netns', 'list']);
  const names = text.split('\n').map((line) => line.split(' ')[0] ?? '');
  return names.filter((name) => name.startsWith(`${instance}-`));
}

/** Deletes a network namespace; nothing when there is none. */
export async function deleteNamespace(name: string): Promise<void> {
  if ((await run('ip', ['netns', 'delete', name])).code === 0) return;
  const text = await runOrFail(PURPOSE, 'ip', ['netns', 'list']);
  if (text.split('\n').some((line) => line.split(' ')[0] === name)) {
    await runOrFail(`Removing the namespace ${name}`, 'ip', ['netns', 'delete', name]);
  }
}

/** A veth pair from the start in the namespaces of its ends, so that nothing is left when one of them goes. */
async function plug(
  cable: Cable,
  namespace: string,
  to: { readonly bridge: string; readonly in?: string; readonly mtu?: number },
): Promise<void> {
  const outer = to.in === undefined ? [] : ['-netns', to.in];
  const mtu = to.mtu === undefined ? [] : ['mtu', String(to.mtu)];
  // Left by a namespace that has just ended, when at all.
  await run('ip', [...outer, 'link', 'delete', 'dev', cable.peer]);
  await ip(
    ...[...outer, 'link', 'add', cable.peer, ...mtu, 'type', 'veth', 'peer', 'name', cable.device],
    ...['address', cable.mac, ...mtu, 'netns', namespace],
  );
  await ip(...outer, 'link', 'set', 'dev', cable.peer, 'master', to.bridge, 'up');
  // Userspace switches see packets whose checksums nobody has computed yet: they must be there on every cable.
  const enter = to.in === undefined ? [] : ['ip', 'netns', 'exec', to.in];
  await ethtool([...enter, 'ethtool', '-K', cable.peer, 'tx', 'off']);
  await ethtool(['ip', 'netns', 'exec', namespace, 'ethtool', '-K', cable.device, 'tx', 'off']);
}

async function ethtool([program = 'ethtool', ...args]: readonly string[]): Promise<void> {
  await runOrFail(PURPOSE, program, args);
}

async function addNamespace(name: string): Promise<void> {
  const result = await run('ip', ['netns', 'add', name]);
  if (result.code !== 0 && !result.stderr.includes('File exists'))
    await runOrFail(PURPOSE, 'ip', ['netns', 'add', name]);
}

/** No IPv6 of the machine on the lab's bridge: it would announce itself to the hosts. */
async function quietBridge(bridge: string): Promise<void> {
  await ip('link', 'set', 'dev', bridge, 'addrgenmode', 'none');
}

async function hasLink(name: string, namespace?: string): Promise<boolean> {
  const where = namespace === undefined ? [] : ['-netns', namespace];
  return (await run('ip', [...where, 'link', 'show', 'dev', name])).code === 0;
}

async function ip(...args: string[]): Promise<void> {
  await runOrFail(PURPOSE, 'ip', args);
}
