/** The lab itself: its hosts are real, its guests count, its faults happen and are healed. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAB_TIMEOUT_MS, useLab, type LabFixture } from './use-lab.js';

let lab: LabFixture;
beforeAll(async () => {
  lab = await useLab();
}, LAB_TIMEOUT_MS);
afterAll(() => lab?.release(), LAB_TIMEOUT_MS);

describe('a lab', () => {
  it('has hosts with boot ids and libvirts of their own', async () => {
    const bootIds = await Promise.all(
      lab.hosts.map(async (host) => (await lab.exec(host, ['cat', '/proc/sys/kernel/random/boot_id'])).stdout.trim()),
    );
    expect(new Set(bootIds).size).toBe(lab.hosts.length);
    for (const host of lab.hosts) expect(await lab.domains(host)).toEqual([]);
  });

  it('has hosts that measure themselves alone', { timeout: LAB_TIMEOUT_MS }, async () => {
    const read = async (host: string, path: string) => (await lab.exec(host, ['cat', path])).stdout;
    const ticks = async (host: string) => Number(/^cpu +(\d+)/.exec(await read(host, '/proc/stat'))?.[1]);
    const used = (text: string) => {
      const kib = (name: string) => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(text)?.[1]);
      return kib('MemTotal') - kib('MemAvailable');
    };
    const before = [await ticks('host-1'), await ticks('host-2')] as const;
    await lab.exec('host-1', ['timeout', '4', 'sh', '-c', 'while :; do :; done']);
    const grown = [(await ticks('host-1')) - before[0], (await ticks('host-2')) - before[1]] as const;
    expect(grown[0]).toBeGreaterThan(2 * grown[1]);
    const memory = await Promise.all(lab.hosts.map(async (host) => used(await read(host, '/proc/meminfo'))));
    const together = memory.reduce((sum, kib) => sum + kib, 0);
    expect(Math.min(...memory)).toBeGreaterThan(0);
    expect(together).toBeLessThan(used(readFileSync('/proc/meminfo', 'utf8')));
  });

  it('has guests that count, which a witness sees once each', { timeout: LAB_TIMEOUT_MS }, async () => {
    const vm = await lab.deployCounterVm({ name: 'count-1', host: 'host-1' });
    expect(await lab.hostOf(vm)).toBe('host-1');
    const first = await lab.counter(vm);
    const log = await lab.diskLog(vm, 'host-2');
    const second = await lab.counter(vm);
    expect(second.nonce).toBe(first.nonce);
    expect(second.count).toBeGreaterThan(first.count);
    expect(log).toMatchObject({ alarm: undefined, isInterleaved: false, runs: [first.nonce] });
    expect(lab.witness.copies(vm.id)).toEqual([expect.objectContaining({ uuid: vm.id })]);
  });

  it('has guests that reach each other across hosts', { timeout: LAB_TIMEOUT_MS }, async () => {
    const [one, other] = await Promise.all([
      lab.deployCounterVm({ name: 'here', host: 'host-2' }),
      lab.deployCounterVm({ name: 'there', host: 'host-3' }),
    ]);
    const seen = await lab.counterSeenBy(one, other);
    expect(await lab.counter(other)).toMatchObject({ nonce: seen.nonce });
    // Frames of full size, which a too small underlay would drop.
    expect(await lab.inGuest(other, `ping -c 2 -s 1400 ${one.address}`)).toMatch(/ 0% packet loss/);
  });
});
