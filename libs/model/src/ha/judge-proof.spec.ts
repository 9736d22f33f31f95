import { describe, expect, it } from 'vitest';
import { judgeProof } from './judge-proof.js';
import type { ProofEvidence, SuspectDisk, SuspectVm } from './proof-evidence.js';

const NOW = 1_000_000;
const rbd: SuspectDisk = { volumeId: 'v-rbd', poolId: 'ceph', poolName: 'ceph', poolKind: 'rbd', locks: null };
const shared: SuspectDisk = {
  volumeId: 'v-shared',
  poolId: 'shared',
  poolName: 'shared',
  poolKind: 'shared-mount-point',
  locks: 'proven',
};
const vm = (...disks: SuspectDisk[]): SuspectVm => ({ vmId: 'vm', name: 'web', disks });
const silent: ProofEvidence = {
  hostName: 'host-1',
  nowMs: NOW,
  quietMs: 12_000,
  signsOfLife: [{ what: 'a heartbeat', atMs: NOW - 40_000 }],
};
const off = { firstOffAtMs: NOW - 2_000, againOffAtMs: NOW - 1_000, isHeldOff: true, trouble: null };
const shutOut = { poolId: 'ceph', registered: ['10.0.0.1', 'fd00::1'], listed: ['10.0.0.1', 'fd00::1'], trouble: null };
const held = { volumeId: 'v-shared', poolId: 'shared', holder: 'host-2', trouble: null };
const rebooted = { before: 'a', now: 'b', present: [] };
const watchdog = { isHardware: true, periodMs: 30_000, marginMs: 5_000, expiredForMs: 36_000 };
const lost = { by: 'admin', atMs: NOW - 1_000 };

interface Case {
  readonly title: string;
  readonly vm: SuspectVm;
  readonly evidence: Partial<ProofEvidence>;
  /** Kinds of proof by disk. */
  readonly proven?: readonly string[];
  readonly missing?: RegExp;
}

const CASES: readonly Case[] = [
  { title: 'silence alone', vm: vm(rbd), evidence: {}, missing: /nothing was found out .* pool ceph/ },
  { title: 'off, twice, held', vm: vm(rbd, shared), evidence: { power: off }, proven: ['held-off', 'held-off'] },
  { title: 'off, without disks', vm: vm(), evidence: { power: off }, proven: [] },
  { title: 'nothing, without disks', vm: vm(), evidence: {}, missing: /only the end of host-1/ },
  {
    title: 'off, said once',
    vm: vm(rbd),
    evidence: { power: { ...off, againOffAtMs: null } },
    missing: /said only once/,
  },
  { title: 'on', vm: vm(rbd), evidence: { power: { ...off, firstOffAtMs: null } }, missing: /does not say that it is/ },
  {
    title: 'off, not held',
    vm: vm(rbd),
    evidence: { power: { ...off, isHeldOff: false } },
    missing: /nothing keeps it from being switched on/,
  },
  {
    title: 'off, but a heartbeat came later: the controller reports what did not happen',
    vm: vm(shared),
    evidence: { power: off, signsOfLife: [{ what: 'a heartbeat', atMs: NOW - 500 }] },
    missing: /lives \(a heartbeat came later\)/,
  },
  {
    title: 'off, but heard so lately that a lie could not have shown yet',
    vm: vm(shared),
    evidence: { power: off, signsOfLife: [{ what: 'a heartbeat', atMs: NOW - 3_000 }] },
    missing: /once nothing was heard of the host for 12 s/,
  },
  {
    title: 'off, but a peer still reaches it',
    vm: vm(shared),
    evidence: { power: off, signsOfLife: [{ what: 'peer host-2 reaches it', atMs: NOW - 100 }] },
    missing: /peer host-2 reaches it came later/,
  },
  {
    title: 'controller gone, blocklisted',
    vm: vm(rbd),
    evidence: { power: { ...off, firstOffAtMs: null, trouble: 'no answer' }, blocklists: [shutOut] },
    proven: ['blocklisted'],
  },
  {
    title: 'blocklisted says nothing of another pool',
    vm: vm(rbd, shared),
    evidence: { blocklists: [shutOut] },
    proven: ['blocklisted'],
    missing: /pool shared/,
  },
  {
    title: 'one address not listed',
    vm: vm(rbd),
    evidence: { blocklists: [{ ...shutOut, listed: ['10.0.0.1'] }] },
    missing: /does not list fd00::1/,
  },
  {
    title: 'no address known',
    vm: vm(rbd),
    evidence: { blocklists: [{ ...shutOut, registered: [] }] },
    missing: /no address is known/,
  },
  {
    title: 'a blocklist of a pool that is none of Ceph',
    vm: vm(shared),
    evidence: { blocklists: [{ ...shutOut, poolId: 'shared' }] },
    missing: /nothing was found out/,
  },
  { title: 'locked', vm: vm(shared), evidence: { locks: [held] }, proven: ['image-locked'] },
  {
    title: 'locked where locks are not proven',
    vm: vm({ ...shared, locks: 'not proven' }),
    evidence: { locks: [held] },
    missing: /not proven to keep a second QEMU/,
  },
  {
    title: 'locked where nobody tried',
    vm: vm({ ...shared, locks: null }),
    evidence: { locks: [held] },
    missing: /not proven to keep a second QEMU/,
  },
  {
    title: 'seen free, not held',
    vm: vm(shared),
    evidence: { locks: [{ ...held, holder: null }] },
    missing: /held by somebody else/,
  },
  {
    title: 'a volume on its way, of which one side is held',
    vm: vm(shared, { ...shared, poolId: 'other', poolName: 'other' }),
    evidence: { locks: [held] },
    proven: ['image-locked'],
    missing: /nothing was found out .* pool other/,
  },
  {
    title: 'nobody could try where locks are not proven',
    vm: vm({ ...shared, locks: 'not proven' }),
    evidence: {},
    missing: /locks on the pool shared are not proven/,
  },
  {
    title: 'two disks by two proofs',
    vm: vm(rbd, shared),
    evidence: { blocklists: [shutOut], locks: [held] },
    proven: ['blocklisted', 'image-locked'],
  },
  { title: 'a new boot without the machine', vm: vm(shared), evidence: { boot: rebooted }, proven: ['new-boot'] },
  {
    title: 'a new boot with a stale domain',
    vm: vm(shared),
    evidence: { boot: { ...rebooted, present: ['vm'] } },
    missing: /still exists there/,
  },
  {
    title: 'a new boot, not asked',
    vm: vm(shared),
    evidence: { boot: { ...rebooted, present: null } },
    missing: /not said yet/,
  },
  {
    title: 'the same boot',
    vm: vm(shared),
    evidence: { boot: { ...rebooted, now: 'a' } },
    missing: /not been started/,
  },
  {
    title: 'no boot known',
    vm: vm(shared),
    evidence: { boot: { ...rebooted, before: null } },
    missing: /not known in/,
  },
  { title: 'the watchdog has bitten', vm: vm(shared), evidence: { watchdog }, proven: ['watchdog-expired'] },
  {
    title: 'the watchdog has time left',
    vm: vm(shared),
    evidence: { watchdog: { ...watchdog, expiredForMs: 34_000 } },
    missing: /has 1 s left/,
  },
  {
    title: "an agent's own timer",
    vm: vm(shared),
    evidence: { watchdog: { ...watchdog, isHardware: false } },
    missing: /no armed hardware watchdog/,
  },
  {
    title: 'the watchdog should have bitten, but the host lives',
    vm: vm(shared),
    evidence: { watchdog, signsOfLife: [{ what: 'a heartbeat', atMs: NOW - 1_000 }] },
    missing: /but it lives/,
  },
  {
    title: 'declared lost',
    vm: vm(rbd, shared),
    evidence: { declaredLost: lost },
    proven: ['declared-lost', 'declared-lost'],
  },
  {
    title: 'declared lost, but it came back',
    vm: vm(shared),
    evidence: { declaredLost: lost, signsOfLife: [{ what: 'a heartbeat', atMs: NOW }] },
    missing: /declared host-1 lost, but it lives/,
  },
];

describe('judgeProof', () => {
  it.each(CASES)('$title', ({ vm: suspect, evidence, proven = [], missing }) => {
    const [verdict] = judgeProof([suspect], { ...silent, ...evidence });
    expect(verdict?.proofs.map(({ kind }) => kind)).toEqual(proven);
    expect(verdict?.isProven).toBe(missing === undefined);
    if (missing) expect(verdict?.missing.join('; ')).toMatch(missing);
    else expect(verdict?.missing).toEqual([]);
  });

  it('names what an operator can do whenever something is missing', () => {
    for (const { vm: suspect, evidence } of CASES)
      for (const { isProven, missing } of judgeProof([suspect], { ...silent, ...evidence }))
        if (!isProven) expect(missing.at(-1)).toContain('declareHostLost');
  });
});
