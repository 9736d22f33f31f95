/**
 * Whether old copies of machines are proven dead. Pure.
 *
 * A machine may be started elsewhere when for each of its disks one proof holds: either that nothing of the host runs
 * any more, or that whatever runs there cannot write to this disk. Silence, a stopped agent and the agent's own timers
 * prove nothing. What is missing is said in words that an operator can act on.
 */
import type {
  BlocklistEvidence,
  LockEvidence,
  ProofEvidence,
  ProofKind,
  SignOfLife,
  SuspectDisk,
  SuspectVm,
} from './proof-evidence.js';

/** What proves one disk safe. */
export interface DiskProof {
  readonly volumeId: string;
  readonly poolId: string;
  readonly kind: ProofKind;
  /** For people. */
  readonly text: string;
}

/** The verdict on one machine. */
export interface VmVerdict {
  readonly vmId: string;
  readonly name: string;
  readonly isProven: boolean;
  /** One for each disk that is safe. */
  readonly proofs: readonly DiskProof[];
  /** What is missing, for people; none when it is proven. */
  readonly missing: readonly string[];
}

/** One way of proving: it holds, or says what it lacks; undefined: it was not looked at, or does not apply. */
type Ruling = { readonly holds: true; readonly text: string } | { readonly holds: false; readonly text: string };

const holds = (text: string): Ruling => ({ holds: true, text });
const lacks = (text: string): Ruling => ({ holds: false, text });

/** Judges every machine. @returns in the order of `vms` */
export function judgeProof(vms: readonly SuspectVm[], evidence: ProofEvidence): VmVerdict[] {
  return vms.map((vm) => judgeVm(vm, evidence));
}

function judgeVm(vm: SuspectVm, evidence: ProofEvidence): VmVerdict {
  const { vmId, name, disks } = vm;
  const ofHost = hostRulings(vm, evidence);
  const proofs: DiskProof[] = [];
  const missing = new Set<string>();
  // A machine without a disk has nothing that could be shut off: only the end of its host counts.
  if (disks.length === 0 && !ofHost.some(([, ruling]) => ruling.holds)) {
    missing.add(`it has no disk that could be shut off, so only the end of ${evidence.hostName} would prove it dead`);
    for (const [, { text }] of ofHost) missing.add(text);
  }
  for (const disk of disks) {
    const rulings = [...ofHost, ...diskRulings(disk, evidence)];
    const proof = rulings.find(([, ruling]) => ruling.holds);
    if (proof) proofs.push({ volumeId: disk.volumeId, poolId: disk.poolId, kind: proof[0], text: proof[1].text });
    else for (const text of whatDiskLacks(disk, rulings)) missing.add(text);
  }
  const isProven = missing.size === 0;
  if (!isProven) missing.add(confirmation(evidence));
  return { vmId, name, isProven, proofs, missing: [...missing] };
}

function whatDiskLacks(disk: SuspectDisk, rulings: readonly (readonly [ProofKind, Ruling])[]): string[] {
  const texts = rulings.map(([, { text }]) => text);
  return texts.length > 0 ? texts : [`nothing was found out about its disk on the pool ${disk.poolName}`];
}

function confirmation({ hostName }: ProofEvidence): string {
  return `an operator who has seen that ${hostName} is without power can confirm it: declareHostLost`;
}

/** Proofs that nothing of the host runs any more: they count for every disk. */
function hostRulings(vm: SuspectVm, evidence: ProofEvidence): (readonly [ProofKind, Ruling])[] {
  const all: readonly (readonly [ProofKind, Ruling | undefined])[] = [
    ['declared-lost', judgeDeclaration(evidence)],
    ['held-off', judgePower(evidence)],
    ['new-boot', judgeBoot(vm, evidence)],
    ['watchdog-expired', judgeWatchdog(evidence)],
  ];
  return given(all);
}

/** Proofs that nothing of the host can write to this disk. */
function diskRulings(disk: SuspectDisk, evidence: ProofEvidence): (readonly [ProofKind, Ruling])[] {
  const blocklist = evidence.blocklists?.find(({ poolId }) => poolId === disk.poolId);
  const lock = evidence.locks?.find((one) => one.volumeId === disk.volumeId && one.poolId === disk.poolId);
  return given([
    ['blocklisted', judgeBlocklist(disk, blocklist, evidence.hostName)],
    ['image-locked', judgeLock(disk, lock)],
  ]);
}

function given(all: readonly (readonly [ProofKind, Ruling | undefined])[]): (readonly [ProofKind, Ruling])[] {
  return all.flatMap(([kind, ruling]) => (ruling ? [[kind, ruling] as const] : []));
}

function signAfter({ signsOfLife }: ProofEvidence, momentMs: number): SignOfLife | undefined {
  return signsOfLife.find(({ atMs }) => atMs > momentMs);
}

function judgeDeclaration(evidence: ProofEvidence): Ruling | undefined {
  const { declaredLost, hostName } = evidence;
  if (!declaredLost) return undefined;
  const sign = signAfter(evidence, declaredLost.atMs);
  if (sign) return lacks(`${declaredLost.by} declared ${hostName} lost, but it lives: ${sign.what} came later`);
  return holds(`${declaredLost.by} declared ${hostName} lost`);
}

function judgePower(evidence: ProofEvidence): Ruling | undefined {
  const { power, hostName, nowMs, quietMs, signsOfLife } = evidence;
  if (!power) return undefined;
  if (power.trouble !== null) return lacks(`the management controller of ${hostName} proves nothing: ${power.trouble}`);
  const { firstOffAtMs, againOffAtMs } = power;
  if (firstOffAtMs === null) return lacks(`the management controller of ${hostName} does not say that it is off`);
  if (againOffAtMs === null || againOffAtMs <= firstOffAtMs)
    return lacks(`the management controller of ${hostName} has said only once that it is off`);
  const sign = signAfter(evidence, firstOffAtMs);
  if (sign)
    return lacks(
      `the management controller of ${hostName} says off, but the host lives (${sign.what} came later): it reports what did not happen, or it is another machine's controller`,
    );
  const lastSignMs = Math.max(-Infinity, ...signsOfLife.map(({ atMs }) => atMs));
  if (nowMs - lastSignMs < quietMs)
    return lacks(
      `the management controller of ${hostName} says off; that counts once nothing was heard of the host for ${Math.ceil(quietMs / 1000)} s`,
    );
  if (!power.isHeldOff) return lacks(`${hostName} is off, but nothing keeps it from being switched on`);
  return holds(`the management controller of ${hostName} said twice that it is off, and it is held off`);
}

function judgeBoot({ vmId }: SuspectVm, { boot, hostName }: ProofEvidence): Ruling | undefined {
  if (!boot || boot.now === null) return undefined;
  if (boot.before === null) return lacks(`it is not known in which boot of ${hostName} the machine ran`);
  if (boot.now === boot.before) return lacks(`${hostName} has not been started anew since the machine ran there`);
  if (boot.present === null) return lacks(`${hostName} was started anew, but has not said yet what exists there`);
  if (boot.present.includes(vmId)) return lacks(`${hostName} was started anew, but the machine still exists there`);
  return holds(`${hostName} itself reports that it was started anew, and that the machine is not there`);
}

function judgeWatchdog(evidence: ProofEvidence): Ruling | undefined {
  const { watchdog, hostName, nowMs } = evidence;
  if (!watchdog) return undefined;
  const { isHardware, periodMs, marginMs, expiredForMs } = watchdog;
  if (!isHardware) return lacks(`${hostName} has no armed hardware watchdog`);
  const sign = signAfter(evidence, nowMs - expiredForMs);
  if (sign) return lacks(`the lease of ${hostName} ran out, but it lives: ${sign.what} came later`);
  const leftMs = periodMs + marginMs - expiredForMs;
  if (leftMs > 0) return lacks(`the hardware watchdog of ${hostName} has ${Math.ceil(leftMs / 1000)} s left`);
  return holds(`the lease of ${hostName} ran out longer ago than its hardware watchdog waits`);
}

function judgeBlocklist(
  { poolName, poolKind }: SuspectDisk,
  blocklist: BlocklistEvidence | undefined,
  hostName: string,
): Ruling | undefined {
  if (poolKind !== 'rbd' || !blocklist) return undefined;
  const { trouble, registered, listed } = blocklist;
  if (trouble !== null) return lacks(`${hostName} could not be shut out of the pool ${poolName}: ${trouble}`);
  if (registered.length === 0) return lacks(`no address is known by which ${hostName} reaches the pool ${poolName}`);
  const open = registered.filter((address) => !listed.includes(address));
  if (open.length > 0)
    return lacks(`the cluster of the pool ${poolName} does not list ${open.join(', ')} of ${hostName} as shut out`);
  return holds(`the cluster of the pool ${poolName} lists every address of ${hostName} as shut out`);
}

function judgeLock(
  { poolName, poolKind, locks, volumeId }: SuspectDisk,
  lock: LockEvidence | undefined,
): Ruling | undefined {
  if (poolKind !== 'shared-mount-point' || (!lock && locks === 'proven')) return undefined;
  if (!lock || locks !== 'proven')
    return lacks(`locks on the pool ${poolName} are not proven to keep a second QEMU off a disk from another host`);
  if (lock.trouble !== null) return lacks(`the disk ${volumeId} on the pool ${poolName} is not ours: ${lock.trouble}`);
  if (lock.holder === null) return lacks(`the disk ${volumeId} on the pool ${poolName} is held by somebody else`);
  return holds(`${lock.holder} holds the disk ${volumeId} on the pool ${poolName} open for writing`);
}
