/** The two that judge lab tests are judged themselves: what they must see, they see. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/basis.js';
import { COUNTER_LOG, readCounterLog } from './counter-guest.js';
import { Witness } from './witness.js';

const emulators: ChildProcess[] = [];
let witness: Witness | undefined;

afterEach(async () => {
  witness?.stop();
  for (const child of emulators.splice(0)) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
});

/** A QEMU whose BIOS finds nothing to start and tries again for ever. */
function emulate(uuid: string, ...more: string[]): void {
  const machine = ['-machine', 'q35', '-accel', 'tcg', '-m', '32', '-nodefaults', '-display', 'none'];
  const name = ['-name', 'guest=here-twice,debug-threads=on', '-uuid', uuid];
  const again = ['-boot', 'reboot-timeout=50'];
  emulators.push(spawn('/usr/bin/qemu-system-x86_64', [...name, ...machine, ...again, ...more], { stdio: 'ignore' }));
}

describe('the witness', () => {
  it('notes two copies of a machine that run, and not one that runs beside a paused one', async () => {
    witness = new Witness('here');
    const [twice, once] = [randomUUID(), randomUUID()];
    emulate(once);
    emulate(once, '-S');
    const both = (uuid: string) => () => Promise.resolve(witness?.copies(uuid).length === 2);
    await eventually('two processes', both(once));
    await sleep(1_500);
    expect(witness.copies(once).filter((copy) => copy.ran).length).toBeLessThanOrEqual(1);
    expect(witness.violations).toEqual([]);
    emulate(twice);
    emulate(twice);
    await eventually('a violation', () => Promise.resolve((witness?.violations.length ?? 0) > 0));
    expect(witness.violations).toEqual([expect.objectContaining({ uuid: twice })]);
    const ofAnother = new Witness('another');
    await sleep(500);
    ofAnother.stop();
    expect(ofAnother.copies()).toEqual([]);
  });
});

describe('the log of a counter guest', () => {
  const [a, b] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];

  /** A disk on which boots have written, one record per word. */
  function disk(nonces: readonly string[], alarm = ''): Buffer {
    const raw = Buffer.alloc(2048 * 512);
    nonces.forEach((nonce, i) => {
      const sector = COUNTER_LOG.firstSector + ((i + 1) % COUNTER_LOG.sectors);
      raw.write(`counter ${nonce} n=${i + 1} `.padEnd(512), sector * 512);
    });
    if (alarm !== '') raw.write(alarm.padEnd(512), COUNTER_LOG.alarmSector * 512);
    return raw;
  }

  it('tells one boot after the other from two at a time', () => {
    expect(readCounterLog(disk([a, a, b, b]))).toMatchObject({ runs: [a, b], isInterleaved: false, alarm: undefined });
    expect(readCounterLog(disk([a, b, a, b]))).toMatchObject({ isInterleaved: true });
    expect(readCounterLog(disk([a, a], 'foreign record'))).toMatchObject({ isInterleaved: true });
    expect(readCounterLog(disk([]))).toMatchObject({ records: [], runs: [], isInterleaved: false });
  });

  it('is read in order when it has gone round', () => {
    const log = readCounterLog(disk([...Array<string>(1_890).fill(a), ...Array<string>(100).fill(b)]));
    expect(log.records).toHaveLength(COUNTER_LOG.sectors);
    expect(log.records.at(-1)).toEqual({ nonce: b, count: 1_990 });
    expect(log.runs).toEqual([a, b]);
  });
});
