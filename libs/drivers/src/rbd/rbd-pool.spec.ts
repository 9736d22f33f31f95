/** What an RBD pool must do besides what every pool does, on a real cluster: clones, refusals, outages, fencing. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import type { RbdPoolSpec, VolumeSpec } from '@durastack/contracts/agent/specs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VerbContext } from '../driver.js';
import { PoolDrivers, type PoolVerbs } from '../pool/pool-drivers.js';
import type { SecretKeeper } from '../pool-driver.js';
import { hostShell } from '../process/host-shell.js';
import { run } from '../process/run.js';
import { CEPH_ADDRESS, OTHER_HOST_ADDRESS, startCephFixture, type CephFixture } from './ceph-fixture.js';
import { newCephxKey } from './cephx-key.js';

const MIB = 2 ** 20;
const namespace = `dura-rbd-${process.pid.toString(36)}`;
const context = (): VerbContext => ({ signal: new AbortController().signal, progress: () => undefined });
const refused = { code: 'STEP_REFUSED' };

let dir: string;
let cluster: CephFixture;
let pool: RbdPoolSpec;
let verbs: PoolVerbs;
const secrets = new Map<string, Buffer>();
const store = { id: randomUUID(), path: '' };
const templateId = randomUUID();

/** The pools of a host in that network, with files of its own; what libvirt would keep is kept here. */
function hostIn(name: string): PoolDrivers {
  const keeper: SecretKeeper = {
    ensure: async ({ uuid, value }) => void secrets.set(uuid, value),
    ensureGone: async (uuid) => void secrets.delete(uuid),
  };
  return new PoolDrivers({ stateDir: join(dir, name), secrets: keeper, shell: hostShell(name) });
}

const newVolume = (more: Partial<VolumeSpec> = {}): VolumeSpec => ({
  id: randomUUID(),
  pool,
  sizeBytes: 16 * MIB,
  templateId,
  ...more,
});
const imageOf = ({ id }: VolumeSpec): string => `${pool.pool}/volume-${id}`;
const fencing = () => ({ user: cluster.ceph.fencingUser, secret: cluster.ceph.fencingKey });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dura-rbd-'));
  await run('ip', ['netns', 'add', namespace]);
  cluster = await startCephFixture(namespace);
  pool = cluster.pool();
  verbs = hostIn(namespace).verbs();
  store.path = join(dir, 'store');
  await mkdir(store.path);
  const image = join(store.path, `${templateId}.qcow2`);
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '16M']);
  await run('qemu-io', ['-f', 'qcow2', '-c', 'write -P 0x5a 0 4M', image]);
  await verbs.ensurePool({ pool, secret: cluster.ceph.key }, context());
}, 120_000);

afterAll(async () => {
  await cluster?.end();
  await run('ip', ['netns', 'delete', namespace]);
  await rm(dir, { recursive: true, force: true });
}, 60_000);

describe('a pool that cannot be used', () => {
  const cases: Record<string, (good: RbdPoolSpec) => { pool?: Partial<RbdPoolSpec>; secret?: string; says: RegExp }> = {
    'at a monitor that is none': () => ({
      pool: { monitors: [`${CEPH_ADDRESS}:1`] },
      says: /No Ceph monitor at 198\.18\.77\.1:1 answers this host/,
    }),
    'with an unknown user': () => ({
      pool: { user: 'nobody' },
      says: /refuses the cephx user nobody: check user and secret/,
    }),
    'with a wrong secret': () => ({
      secret: newCephxKey(),
      says: /refuses the cephx user durastack: check user and secret/,
    }),
    'with a secret that is no key': () => ({ secret: 'QUJD', says: /is no cephx key/ }),
    'that is missing': () => ({ pool: { pool: 'none' }, says: /has no pool none that durastack may open/ }),
  };
  it.each(Object.keys(cases))(
    'is refused in words: %s',
    async (name) => {
      const { pool: change = {}, secret = cluster.ceph.key, says } = cases[name]!(pool);
      const wrong: RbdPoolSpec = { ...pool, id: randomUUID(), ...change };
      const attempt = verbs.ensurePool({ pool: wrong, secret, refuseWhenSilent: true }, context());
      const error = await attempt.catch((caught: unknown) => caught);
      expect(error).toMatchObject({ message: expect.stringMatching(says) });
      expect(String(error)).not.toContain(secret);
      // Nothing of the attempt is kept, and nobody is told a key of it.
      expect(await readdir(join(dir, namespace, 'rbd'))).toEqual([pool.id]);
      expect(secrets.has(wrong.id)).toBe(false);
    },
    60_000,
  );

  it('is asked for by a host that was not told its key', async () => {
    const stranger = hostIn(cluster.otherHost).verbs();
    await expect(stranger.ensureVolume({ volume: newVolume() }, context())).rejects.toMatchObject({
      code: 'POOL_UNKNOWN',
    });
    await expect(stranger.ensurePool({ pool }, context())).rejects.toMatchObject({ code: 'POOL_UNKNOWN' });
  });
});

it('keeps the key in files of root and in the hands of QEMU alone', async () => {
  const files = join(dir, namespace, 'rbd', pool.id);
  expect((await readdir(files)).sort()).toEqual(['ceph.conf', 'keyring']);
  for (const file of ['ceph.conf', 'keyring']) expect((await stat(join(files, file))).mode & 0o777).toBe(0o600);
  expect(await readFile(join(files, 'ceph.conf'), 'utf8')).not.toContain(cluster.ceph.key);
  expect(secrets.get(pool.id)?.toString('base64')).toBe(cluster.ceph.key);
});

describe('base images', () => {
  it('are cloned, not copied, and stay as long as volumes are made over them', async () => {
    await verbs.ensureTemplateOnPool({ templateId, store, pool }, context());
    const [same, larger] = [newVolume(), newVolume({ sizeBytes: 64 * MIB })];
    await verbs.ensureVolume({ volume: same }, context());
    await verbs.ensureVolume({ volume: larger }, context());
    const info = JSON.parse(await cluster.admin('rbd', 'info', '--format', 'json', imageOf(larger))) as {
      size: number;
      features: string[];
      parent: { image: string; snapshot: string };
    };
    expect(info.size).toBe(64 * MIB);
    expect(info.features).toContain('exclusive-lock');
    expect(info.parent).toMatchObject({ image: `template-${templateId}`, snapshot: 'base' });
    const used = JSON.parse(await cluster.admin('rbd', 'du', '--format', 'json', imageOf(larger))) as {
      images: { used_size: number }[];
    };
    expect(used.images[0]?.used_size).toBe(0);
    const copy = join(dir, 'copy.raw');
    await cluster.admin('rbd', 'export', '--no-progress', imageOf(larger), copy);
    await run('qemu-io', ['-f', 'raw', '-c', 'read -P 0x5a 0 4M', '-c', 'read -P 0 4M 60M', copy]);

    const removal = verbs.ensureTemplateGoneFromPool({ templateId, pool }, context());
    await expect(removal).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`volume-${same.id}`),
    });
    for (const { id } of [same, larger]) await verbs.ensureVolumeGone({ volumeId: id, pool }, context());
    await verbs.ensureTemplateGoneFromPool({ templateId, pool }, context());
    await expect(verbs.ensureVolume({ volume: same }, context())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await cluster.admin('rbd', 'ls', pool.pool)).toBe('');
  }, 60_000);

  it('carry heartbeats of hosts, which others watch', async () => {
    const [hostId, ownId] = [randomUUID(), randomUUID()];
    const looker = hostIn(cluster.otherHost);
    for (const host of [verbs, looker.verbs()]) await host.ensurePool({ pool, secret: cluster.ceph.key }, context());
    const watch = (forMs: number) => looker.verbs().watchPoolBeats({ hostId, ownId, pools: [pool], forMs }, context());
    expect(await watch(0)).toEqual({ seen: [] });
    const seenWhile = async (id: string, forMs: number) => {
      const host = id === hostId ? hostIn(namespace) : looker;
      let ended = false;
      const watched = watch(forMs).finally(() => {
        ended = true;
      });
      for (let count = 1; !ended; count += 1) await host.beat([pool], { hostId: id, bootId: 'boot', count });
      return (await watched).seen;
    };
    await hostIn(namespace).beat([pool], { hostId, bootId: 'boot', count: 0 });
    expect(await seenWhile(hostId, 20_000)).toEqual([{ poolId: pool.id, beats: 'go on' }]);
    expect(await seenWhile(ownId, 8_000)).toEqual([{ poolId: pool.id, beats: 'stopped' }]);
    for (const id of [hostId, ownId]) await looker.endBeats(pool, id);
    expect(await cluster.admin('rados', '-p', pool.pool, 'ls')).not.toContain('heartbeat');
  }, 60_000);

  it('are complete even when several hosts copy at once, or a copy was killed', async () => {
    const other = hostIn(cluster.otherHost).verbs();
    await other.ensurePool({ pool, secret: cluster.ceph.key }, context());
    const image = `template-${templateId}`;
    const complete = { volumes: { [pool.id]: [] }, templates: { [pool.id]: [templateId] } };
    const copyAtOnce = () =>
      Promise.all([verbs, other].map((host) => host.ensureTemplateOnPool({ templateId, store, pool }, context())));
    const expectWhole = async () => {
      expect((await cluster.admin('rbd', 'ls', pool.pool)).trim()).toBe(image);
      expect(await hostIn(namespace).contents([pool])).toEqual(complete);
      const raw = join(dir, `${randomUUID()}.raw`);
      await cluster.admin('rbd', 'export', '--no-progress', `${pool.pool}/${image}@base`, raw);
      await run('qemu-io', ['-f', 'raw', '-c', 'read -P 0x5a 0 4M', '-c', 'read -P 0 4M 12M', raw]);
    };
    for (const _time of Array(6).keys()) {
      await copyAtOnce();
      await expectWhole();
      await verbs.ensureTemplateGoneFromPool({ templateId, pool }, context());
      // No data without a name, either.
      const objects = (await cluster.admin('rados', '-p', pool.pool, 'ls')).split('\n');
      expect(objects.filter((name) => /^rbd_(data|header)\./.test(name))).toEqual([]);
    }
    // As a copy leaves it that was killed.
    await cluster.admin('rbd', 'create', '--size', '16M', `${pool.pool}/${image}`);
    expect(await hostIn(namespace).contents([pool])).toEqual({ ...complete, templates: { [pool.id]: [] } });
    await copyAtOnce();
    await expectWhole();
    // What was copied, but not marked yet, is marked by the next attempt.
    await cluster.admin('rbd', 'snap', 'unprotect', `${pool.pool}/${image}@base`);
    expect(await hostIn(namespace).contents([pool])).toEqual({ ...complete, templates: { [pool.id]: [] } });
    await verbs.ensureTemplateOnPool({ templateId, store, pool }, context());
    await expectWhole();
  }, 120_000);
});

it('ends what a cluster does not answer, says what it waits for, and goes on when that is back', async () => {
  const volume = newVolume();
  await cluster.freeze();
  try {
    const silent = {
      code: 'BACKEND_BUSY',
      retryable: true,
      message: `waits for storage pool ${pool.pool} (${pool.id}): its Ceph cluster at ${pool.monitors.join()} does not answer`,
    };
    const fresh = hostIn(namespace);
    await Promise.all([
      expect(verbs.ensureVolume({ volume }, context())).rejects.toMatchObject(silent),
      expect(verbs.ensureVolumeGone({ volumeId: volume.id, pool }, context())).rejects.toMatchObject(silent),
      expect(verbs.ensureTemplateOnPool({ templateId, store, pool }, context())).rejects.toMatchObject(silent),
      expect(fresh.openDisk(volume, { uid: 0, gid: 0 })).rejects.toMatchObject(silent),
      // Whoever asks for everything is told of the rest.
      expect(fresh.contents([pool])).resolves.toEqual({ volumes: {}, templates: {} }),
    ]);
    expect(fresh.measured([pool])).toEqual([]);
  } finally {
    await cluster.thaw();
  }
  await expect
    .poll(() => verbs.ensureVolume({ volume }, context()).then(() => 'made', String), { timeout: 60_000 })
    .toBe('made');
  await verbs.ensureVolumeGone({ volumeId: volume.id, pool }, context());
}, 180_000);

describe('fencing', () => {
  it('is no right of hosts', async () => {
    const asHost = { user: pool.user, secret: cluster.ceph.key };
    const attempt = verbs.ensureBlocklisted({ pool, fencing: asHost, address: OTHER_HOST_ADDRESS }, context());
    await expect(attempt).rejects.toMatchObject(refused);
    expect(await verbs.getBlocklist({ pool, fencing: fencing() }, context())).toEqual({ addresses: [] });
  });

  it('lets a host write not one more byte, for years, until it is undone on purpose', async () => {
    const volume = newVolume({ sizeBytes: 16 * MIB });
    await verbs.ensureTemplateOnPool({ templateId, store, pool }, context());
    await verbs.ensureVolume({ volume }, context());
    const address = OTHER_HOST_ADDRESS;
    await hostIn(cluster.otherHost).verbs().ensurePool({ pool, secret: cluster.ceph.key }, context());
    const writer = startWriter(volume);
    try {
      await expect.poll(() => writer.written(), { timeout: 30_000 }).toBeGreaterThan(3);
      const fenced = await verbs.ensureBlocklisted({ pool, fencing: fencing(), address }, context());
      expect(fenced).toEqual({ addresses: [address] });
      // From the confirmation on the disk is what it is, though the writer goes on trying.
      const before = await contentOf(volume);
      const triedBefore = writer.tried();
      await expect.poll(() => writer.failed(), { timeout: 30_000 }).toBeGreaterThan(0);
      await expect.poll(() => writer.tried(), { timeout: 30_000 }).toBeGreaterThan(triedBefore + 5);
      expect(await contentOf(volume)).toBe(before);
      expect(await newWriterIs(volume)).toBe('refused');
      const entries = await cluster.admin('ceph', 'osd', 'blocklist', 'ls');
      const until = new RegExp(`${address.replaceAll('.', '\\.')}:0/0 (\\S+)`).exec(entries)?.[1] ?? '';
      expect(Number(until.slice(0, 4)) - new Date().getUTCFullYear()).toBeGreaterThanOrEqual(9);

      // This host, which fenced the other, may write all the while.
      await verbs.ensureVolume({ volume: { ...volume, sizeBytes: 32 * MIB } }, context());
      const freed = await verbs.ensureNotBlocklisted({ pool, fencing: fencing(), address }, context());
      expect(freed).toEqual({ addresses: [] });
      await expect.poll(() => newWriterIs(volume), { timeout: 60_000 }).toBe('served');
    } finally {
      await writer.end();
    }
  }, 180_000);
});

const otherHostName = (volume: VolumeSpec): string =>
  `rbd:${imageOf(volume)}:id=${pool.user}:conf=${join(dir, cluster.otherHost, 'rbd', pool.id, 'ceph.conf')}`;

/** QEMU's block layer on the other host, which writes another pattern to the same place again and again. */
function startWriter(volume: VolumeSpec) {
  const inside = [
    `--net=/run/netns/${cluster.otherHost}`,
    '--',
    'qemu-io',
    '-f',
    'raw',
    '-t',
    'none',
    otherHostName(volume),
  ];
  const child = spawn('nsenter', inside, { stdio: ['pipe', 'pipe', 'pipe'] });
  let [tried, said] = [0, ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdin.on('error', () => undefined);
  const timer = setInterval(() => {
    tried += 1;
    child.stdin.write(`write -P ${1 + (tried % 250)} 0 64k\nflush\n`);
  }, 100);
  const count = (what: RegExp): number => said.match(what)?.length ?? 0;
  return {
    tried: () => tried,
    written: () => count(/wrote 65536\/65536/g),
    failed: () => count(/write failed/g),
    end: async () => {
      clearInterval(timer);
      child.kill('SIGKILL');
      await new Promise((resolve) =>
        child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(undefined),
      );
    },
  };
}

/** What the cluster holds of the volume, asked of a host that is not fenced. */
async function contentOf(volume: VolumeSpec): Promise<string> {
  const file = join(dir, `content-${randomUUID()}`);
  await cluster.admin('rbd', 'export', '--no-progress', imageOf(volume), file);
  const [sum] = (await run('sha256sum', [file])).split(' ');
  await rm(file);
  return sum ?? '';
}

/** A new process on the other host tries to write. */
async function newWriterIs(volume: VolumeSpec): Promise<'served' | 'refused'> {
  await sleep(0);
  const inside = [`--net=/run/netns/${cluster.otherHost}`, '--', 'qemu-io', '-f', 'raw', '-t', 'none'];
  return run('nsenter', [...inside, '-c', 'write -P 0xee 128k 64k', otherHostName(volume)], { timeoutMs: 30_000 }).then(
    (said) => (said.includes('wrote 65536/65536') ? 'served' : 'refused'),
    () => 'refused',
  );
}
