/**
 * What a network that spans hosts must do: guests on different hosts reach each other as on one switch, honestly only;
 * each host gives addresses to its own guests alone; a guest that moves is found at its new place at once.
 */
import { randomUUID } from 'node:crypto';
import type { NetworkSpec } from '@durastack/contracts/agent/specs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../process/run.js';
import { arp, dhcpDiscover, markOf, moved, udp } from '../testing/frames.js';
import { receiveDuring, sendFrames, type RawLink } from '../testing/raw-link.js';
import { forgedFrames, honestFrames, type Frames } from './network-conformance.js';
import {
  addGuest,
  enterGuest,
  removeGuest,
  type Guest,
  type GuestHost,
  type NetworksUnderTest,
} from './network-guest.js';

/** A host of the fabric. */
export interface FabricHostSubject extends GuestHost {
  readonly networks: NetworksUnderTest;
  /** The network as this host has it while only the first `count` hosts take part. */
  networkAmong(count: number, revision: number): NetworkSpec;
  /** Device with gateway and DHCP server, in the host's namespace. */
  readonly gatewayDevice: string;
  /** Names of the devices that its networks have made in the host's namespace. */
  devices(): Promise<readonly string[]>;
  /** Somebody flushes the rules of its switch. */
  flushRules(): Promise<void>;
}

/** Three hosts on one underlay. */
export interface FabricSubject {
  readonly hosts: readonly [FabricHostSubject, FabricHostSubject, FabricHostSubject];
  close(): Promise<void>;
}

const STRANGER = '06:66:66:66:66:66';
const BIG_BYTES = 1_400;

/** Takes one connection on port 7 and prints how many bytes came. */
const TAKE = `
my $s = IO::Socket::INET->new(Listen => 1, LocalPort => 7, ReuseAddr => 1) or die "listen: $!";
alarm 30; my $c = $s->accept; my $n = 0;
while (sysread($c, my $b, 65536)) { $n += length $b; } print "$n\\n";
`;
const POUR = `
my $c; for (1..50) { $c = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => 7, Timeout => 5) and last; select(undef, undef, undef, 0.1) }
$c or die "connect: $!"; alarm 30; for (1..200) { my $b = 'x' x 10000; while (length $b) { my $n = syswrite($c, $b) or die "write: $!"; substr($b, 0, $n) = '' } }
`;

class FabricScene {
  #subject: FabricSubject | undefined;
  #guests: Guest[] = [];

  constructor(private readonly make: () => Promise<FabricSubject>) {}

  get hosts(): FabricSubject['hosts'] {
    return (this.#subject ?? expect.fail('The subject was not made')).hosts;
  }

  guest(index: number): Guest {
    return this.#guests[index] ?? expect.fail(`There is no guest ${index}`);
  }

  async open(): Promise<void> {
    this.#subject = await this.make();
    for (const [index, host] of this.hosts.entries()) {
      await host.networks.ensure(host.network);
      this.#guests.push(await addGuest(host, 11 + index));
    }
    // Hosts find each other's hardware addresses by the first frames, which userspace switches drop.
    for (const from of this.#guests)
      for (const to of this.#guests) if (to !== from) await this.ping(from, to.nic.ip, ['-c3', '-i0.2']);
  }

  async close(): Promise<void> {
    for (const guest of this.#guests) {
      for (const { networks } of this.hosts) await networks.unbind(guest.vmId);
      await removeGuest(guest);
    }
    for (const { networks, network } of this.hosts) await networks.ensureGone(network.id);
    await this.#subject?.close();
  }

  /** Names of the frames that arrive at a guest. */
  async passing(from: RawLink, to: Guest, frames: Frames): Promise<string[]> {
    const sent = Object.entries(frames).map(([name, make]) => make(markOf(name)).toString('hex'));
    const received = await receiveDuring(to.link, () => sendFrames(from, sent));
    return Object.keys(frames).filter((name) => received.some((hex) => hex.includes(markOf(name).toString('hex'))));
  }

  inGuest(guest: Guest, file: string, args: readonly string[]): Promise<string> {
    return run('nsenter', [`--net=/run/netns/${guest.link.namespace}`, '--', file, ...args]);
  }

  ping(from: Guest, to: string, options: readonly string[] = []): Promise<string> {
    return this.inGuest(from, 'ping', ['-c1', '-i0.5', '-w10', ...options, to]);
  }
}

/** Declares the suite. */
export function describeFabricConformance(name: string, make: () => Promise<FabricSubject>): void {
  describe(`fabric conformance: ${name}`, () => {
    const scene = new FabricScene(make);
    beforeAll(() => scene.open());
    afterAll(() => scene.close());
    traffic(scene);
    services(scene);
    changes(scene);
    upkeep(scene);
  });
}

function traffic(scene: FabricScene): void {
  it('carries honest frames from host to host, and drops forged ones', async () => {
    const [from, to] = [scene.guest(0), scene.guest(1)];
    const { mac } = from.nic;
    const honest: Frames = { ...honestFrames(from.nic, to.nic), moved: (mark) => moved({ mac }, mark) };
    const forged: Frames = {
      'moved-of-another': (mark) => moved({ mac, senderMac: to.nic.mac }, mark),
      'moved-from-another': (mark) => moved({ mac: to.nic.mac, senderMac: mac }, mark),
      ...forgedFrames(from.nic, to.nic),
    };
    expect(await scene.passing(from.link, to, honest)).toEqual(Object.keys(honest));
    expect(await scene.passing(from.link, to, forged)).toEqual([]);
  });

  it(`carries packets of ${BIG_BYTES} bytes whole, and connections, both ways`, async () => {
    const [one, other] = [scene.guest(0), scene.guest(1)];
    const whole = ['-M', 'do', '-s', String(BIG_BYTES - 28)];
    await expect(scene.ping(one, other.nic.ip, whole)).resolves.toContain('1 received');
    await expect(scene.ping(other, one.nic.ip, whole)).resolves.toContain('1 received');
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const received = scene.inGuest(to, 'perl', ['-MIO::Socket::INET', '-e', TAKE]);
      await scene.inGuest(from, 'perl', ['-MIO::Socket::INET', '-e', POUR, to.nic.ip]);
      expect(await received).toContain('2000000');
    }
  });

  it('brings every frame once, with all hosts connected to each other', async () => {
    const [from, to] = [scene.guest(0), scene.guest(2)];
    const ends = { fromMac: from.nic.mac, fromIp: from.nic.ip, toIp: to.nic.ip };
    const mark = markOf('to-all');
    const frame = arp({ ...ends, toMac: 'ff:ff:ff:ff:ff:ff' }, 'request', mark).toString('hex');
    const received = await receiveDuring(to.link, () => sendFrames(from.link, [frame]));
    expect(received.filter((hex) => hex.includes(mark.toString('hex')))).toHaveLength(1);
  });
}

function services(scene: FabricScene): void {
  it('asks and answers for addresses on the guest’s own host only', async () => {
    const [asking, elsewhere] = [scene.guest(0), scene.guest(1)];
    const discover = dhcpDiscover(asking.nic.mac).toString('hex');
    let offers: string[] = [];
    const heardElsewhere = await receiveDuring(elsewhere.link, async () => {
      offers = await receiveDuring(asking.link, () => sendFrames(asking.link, [discover]), 1_500);
    });
    const reply = (hex: string): boolean => hex.slice(84, 100) === '0201060012345678';
    const offered = offers.filter(reply).map((hex) => [...Buffer.from(hex.slice(116, 124), 'hex')].join('.'));
    expect(offered).toEqual([asking.nic.ip]);
    // Option 26, two bytes: how large the guest's packets may be.
    const mtu = asking.nic.network.mtu.toString(16).padStart(4, '0');
    expect(offers.find(reply)).toContain(`1a02${mtu}`);
    expect(heardElsewhere.filter((hex) => hex.includes('12345678'))).toEqual([]);
  });

  it('gives every guest its gateway on its own host', async () => {
    for (const guest of [scene.guest(0), scene.guest(1)])
      await expect(scene.ping(guest, guest.nic.network.gateway)).resolves.toContain('1 received');
  });

  it('lets in from a tunnel neither gateway nor DHCP, whatever its host says', async () => {
    const [host] = scene.hosts;
    const [asked, victim] = [scene.guest(0), scene.guest(1)];
    const { gateway } = host.network;
    const ends = { fromMac: STRANGER, toMac: 'ff:ff:ff:ff:ff:ff', fromIp: gateway, toIp: victim.nic.ip };
    const frames: Frames = {
      'gateway-arp': (mark) => arp(ends, 'reply', mark),
      'gateway-udp': (mark) => udp(ends, { from: 4000, to: 5000 }, mark),
      'dhcp-offer': (mark) => udp({ ...ends, fromIp: asked.nic.ip }, { from: 67, to: 68 }, mark),
    };
    const link = { namespace: host.hostNamespace, device: host.gatewayDevice };
    expect(await scene.passing(link, asked, frames)).not.toEqual([]);
    expect(await scene.passing(link, victim, frames)).toEqual([]);
  });
}

function changes(scene: FabricScene): void {
  it('finds a guest that moved at its new place when it says so', async () => {
    const [, second, third] = scene.hosts;
    const [one, two, mover] = [scene.guest(0), scene.guest(1), scene.guest(2)];
    await scene.ping(one, mover.nic.ip);
    await scene.ping(two, mover.nic.ip);
    // The new host is made ready while the guest still runs at the old one.
    await second.networks.bind(mover.vmId, [mover.nic]);
    await expect(scene.ping(one, mover.nic.ip)).resolves.toContain('1 received');
    await run('ip', ['-n', third.hostNamespace, 'link', 'delete', mover.nic.tap]);
    await enterGuest(second, mover);
    await second.networks.announce(mover.vmId);
    // The first answer, and from then on.
    await scene.ping(one, mover.nic.ip, ['-i0.2']);
    await expect(scene.ping(one, mover.nic.ip)).resolves.toContain('1 received');
    await expect(scene.ping(two, mover.nic.ip)).resolves.toContain('1 received');
    await third.networks.unbind(mover.vmId);
    await expect(scene.ping(one, mover.nic.ip)).resolves.toContain('1 received');
  });

  it('follows hosts that leave and come back, and never an older word about them', async () => {
    const [first, second] = scene.hosts;
    const [one, two] = [scene.guest(0), scene.guest(1)];
    await first.networks.ensure(first.networkAmong(1, 10));
    await expect(scene.ping(two, one.nic.ip, ['-w2'])).rejects.toThrow('failed');
    await first.networks.ensure(first.networkAmong(3, 9));
    await expect(scene.ping(two, one.nic.ip, ['-w2'])).rejects.toThrow('failed');
    await first.networks.reconcile();
    await expect(scene.ping(two, one.nic.ip, ['-w2'])).rejects.toThrow('failed');
    await first.networks.ensure(first.networkAmong(3, 11));
    await second.networks.ensure(second.networkAmong(3, 11));
    await expect(scene.ping(two, one.nic.ip)).resolves.toContain('1 received');
  });
}

function upkeep(scene: FabricScene): void {
  it('mends flushed rules: what was dropped is dropped again, and what was let through passes', async () => {
    const [first] = scene.hosts;
    const [one, two] = [scene.guest(0), scene.guest(1)];
    await first.flushRules();
    await first.networks.reconcile();
    await expect(scene.ping(two, one.nic.ip)).resolves.toContain('1 received');
    expect(await scene.passing(one.link, two, forgedFrames(one.nic, two.nic))).toEqual([]);
  });

  it('refuse tunnels from an address that they do not have, and a bridge that another network has', async () => {
    const [, , third] = scene.hosts;
    const network = third.networkAmong(3, 20);
    const { vxlan = expect.fail('The network has no tunnels') } = network;
    const elsewhere = { ...network, vxlan: { ...vxlan, localAddress: '192.0.2.9' } };
    await expect(third.networks.ensure(elsewhere)).rejects.toMatchObject({ code: 'STEP_REFUSED' });
    const other = { ...network, id: randomUUID() };
    await expect(third.networks.ensure(other)).rejects.toMatchObject({ code: 'CONFLICT' });
    const { vxlan: _none, ...plain } = other;
    await expect(third.networks.ensure(plain)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  it('leave nothing behind when they leave the network', async () => {
    const [, , third] = scene.hosts;
    expect(await third.devices()).not.toEqual([]);
    await third.networks.ensureGone(third.network.id);
    expect(await third.devices()).toEqual([]);
  });
}
