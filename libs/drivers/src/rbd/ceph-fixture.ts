/** A real small Ceph cluster for a spec, in a network namespace that the spec made. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { RbdPoolSpec } from '@durastack/contracts/agent/specs';
import { run } from '../process/run.js';
import { smallCephPids, startSmallCeph, stopSmallCeph, type SmallCeph } from './small-ceph.js';

/** Where the cluster listens, and the address of a second host that reaches it. */
export const CEPH_ADDRESS = '198.18.77.1';
export const OTHER_HOST_ADDRESS = '198.18.77.2';

/** What {@link startCephFixture} gives. */
export interface CephFixture {
  readonly ceph: SmallCeph;
  /** How long the cluster took to come up. */
  readonly startedInMs: number;
  /** Its pool, as hosts are told of it, under an id of its own. */
  pool(): RbdPoolSpec;
  /** The namespace of a second host, at {@link OTHER_HOST_ADDRESS}. */
  readonly otherHost: string;
  /** Calls one of Ceph's tools as the administrator. */
  admin(tool: 'ceph' | 'rbd' | 'rados', ...args: string[]): Promise<string>;
  /** The cluster answers nobody, until it is thawed. */
  freeze(): Promise<void>;
  /** See {@link CephFixture.freeze}. */
  thaw(): Promise<void>;
  /** Ends everything. */
  end(): Promise<void>;
}

/**
 * Starts the cluster in a network namespace, which is its first host.
 *
 * @param namespace made by the caller, who also removes it
 */
export async function startCephFixture(namespace: string): Promise<CephFixture> {
  const directory = await mkdtemp(join(tmpdir(), 'dura-ceph-'));
  const otherHost = `${namespace}-b`;
  const ip = (...args: string[]): Promise<string> => run('ip', args);
  await ip('netns', 'add', otherHost);
  await ip('-n', namespace, 'link', 'add', 'ceph0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', otherHost);
  await ip('-n', namespace, 'address', 'add', `${CEPH_ADDRESS}/24`, 'dev', 'ceph0');
  await ip('-n', otherHost, 'address', 'add', `${OTHER_HOST_ADDRESS}/24`, 'dev', 'eth0');
  for (const link of ['lo', 'ceph0']) await ip('-n', namespace, 'link', 'set', link, 'up');
  for (const link of ['lo', 'eth0']) await ip('-n', otherHost, 'link', 'set', link, 'up');
  const end = async (): Promise<void> => {
    await stopSmallCeph(join(directory, 'c'));
    await ip('netns', 'delete', otherHost);
    await rm(directory, { recursive: true, force: true });
  };
  const beganMs = performance.now();
  const options = { directory: join(directory, 'c'), address: CEPH_ADDRESS, networkNamespace: namespace };
  const ceph = await startSmallCeph(options).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  const inside = (file: string, ...args: string[]): Promise<string> =>
    run('nsenter', [`--net=/run/netns/${namespace}`, '--', file, ...args]);
  const signalAll = async (signal: NodeJS.Signals): Promise<void> => {
    for (const pid of await smallCephPids(options.directory)) process.kill(pid, signal);
  };
  return {
    ceph,
    startedInMs: Math.round(performance.now() - beganMs),
    pool: () => {
      const { monitors, poolName, user } = ceph;
      return { id: randomUUID(), kind: 'rbd', monitors: [...monitors], pool: poolName, user };
    },
    otherHost,
    admin: (tool, ...args) => inside(tool, '--conf', ceph.configFile, ...args),
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    end,
  };
}
