/**
 * What every kind of switch must do: guests of two tenants on one network reach each other honestly, get their
 * addresses by DHCP, and cannot pass themselves off as anybody else. Each switch's spec calls
 * {@link describeNetworkConformance} with a host of its kind.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NicSpec } from '@durastack/contracts/agent/specs';
import { run } from '../process/run.js';
import { arp, dhcpDiscover, frame, icmpv6, markOf, tagged, udp } from '../testing/frames.js';
import { receiveDuring, sendFrames } from '../testing/raw-link.js';
import { addGuest, removeGuest, type Guest, type GuestHost, type NetworksUnderTest } from './network-guest.js';

/** A host with one kind of switch. */
export interface NetworkSubject extends GuestHost {
  /** A second object over the same files, to play a restart of the agent. */
  restarted(): NetworksUnderTest;
  /** Somebody flushes the rules. */
  flushRules(): Promise<void>;
  close(): Promise<void>;
}

/** Asks for `version.bind`, class CHAOS, type TXT; again when nothing comes, as resolvers do: datagrams get lost. */
const ASK_DNS = `
my $s = IO::Socket::INET->new(Proto => 'udp', PeerAddr => $ARGV[0], PeerPort => 53) or die "socket: $!";
for my $try (1 .. 5) {
  $s->send(pack('H*', '0001010000010000000000000776657273696f6e0462696e640000100003'));
  my $ready = ''; vec($ready, fileno($s), 1) = 1;
  next unless select($ready, undef, undef, 3);
  $s->recv(my $answer, 512); print $answer =~ tr/a-zA-Z0-9.//cdr;
  exit 0;
}
die "no answer\\n";
`;
/** As long as it may ask. */
const ASK_DNS_MS = 20_000;

/** Frames by name, made around their mark. */
export type Frames = Readonly<Record<string, (mark: Buffer) => Buffer>>;

const STRANGER = '06:66:66:66:66:66';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** Two guests on the subject's network. */
class NetworkScene {
  readonly #guests: Guest[] = [];
  #subject: NetworkSubject | undefined;

  constructor(private readonly makeSubject: () => Promise<NetworkSubject>) {}

  get subject(): NetworkSubject {
    return this.#subject ?? expect.fail('The subject was not made');
  }

  get attacker(): Guest {
    return this.#guests[0] ?? expect.fail('There is no first guest');
  }

  get victim(): Guest {
    return this.#guests[1] ?? expect.fail('There is no second guest');
  }

  async open(): Promise<void> {
    this.#subject = await this.makeSubject();
    await this.subject.networks.ensure(this.subject.network);
    for (const number of [11, 12]) this.#guests.push(await addGuest(this.subject, number));
  }

  async close(): Promise<void> {
    const { networks, network } = this.subject;
    for (const guest of this.#guests) {
      await networks.unbind(guest.vmId);
      await removeGuest(guest);
    }
    await networks.ensureGone(network.id);
    await this.subject.close();
  }

  honest(): Frames {
    return honestFrames(this.attacker.nic, this.victim.nic);
  }

  forged(): Frames {
    return forgedFrames(this.attacker.nic, this.victim.nic);
  }

  /** Marks of the frames that the victim got. */
  async passing(frames: Frames): Promise<string[]> {
    const sent = Object.entries(frames).map(([name, make]) => make(markOf(name)).toString('hex'));
    const received = await receiveDuring(this.victim.link, () => sendFrames(this.attacker.link, sent));
    return Object.keys(frames).filter((name) => received.some((hex) => hex.includes(markOf(name).toString('hex'))));
  }

  /** Addresses that DHCP servers offer to a MAC. */
  async offersTo(mac: string): Promise<string[]> {
    const { link } = this.attacker;
    const discover = dhcpDiscover(mac).toString('hex');
    const received = await receiveDuring(link, () => sendFrames(link, [discover]), 1500);
    // BOOTREPLY of our transaction; the offered address stands 16 bytes into the message, 58 into the frame.
    const replies = received.filter((hex) => hex.slice(84, 100) === '0201060012345678');
    return replies.map((hex) => [...Buffer.from(hex.slice(116, 124), 'hex')].join('.'));
  }

  /** Pings from the attacker. */
  ping(to: string): Promise<string> {
    const { namespace } = this.attacker.link;
    return run('nsenter', [`--net=/run/netns/${namespace}`, '--', 'ping', '-c1', '-W2', to]);
  }

  /** Asks the gateway's DNS for its version, which it answers without asking others; gives what it says. */
  askDns(): Promise<string> {
    const { namespace } = this.attacker.link;
    const enter = [`--net=/run/netns/${namespace}`, '--'];
    return run('nsenter', [...enter, 'perl', '-MIO::Socket::INET', '-e', ASK_DNS, this.subject.network.gateway]);
  }
}

/** Declares the suite. */
export function describeNetworkConformance(name: string, makeSubject: () => Promise<NetworkSubject>): void {
  describe(`network conformance: ${name}`, () => {
    const scene = new NetworkScene(makeSubject);
    beforeAll(() => scene.open());
    afterAll(() => scene.close());

    it('lets honest traffic through', async () => {
      expect(await scene.passing(scene.honest())).toEqual(Object.keys(scene.honest()));
    });

    it('drops foreign MACs, addresses and ARP senders, DHCP servers, IPv6, tags and other protocols', async () => {
      expect(await scene.passing(scene.forged())).toEqual([]);
    });

    it('lets a guest speak from its secondary addresses too, as long as it has them', async () => {
      const { vmId, nic } = scene.attacker;
      const further = nic.ip.replace(/\d+$/, '77');
      const frames = renamed(honestFrames({ ...nic, ip: further }, scene.victim.nic));
      expect(await scene.passing(frames)).toEqual([]);
      await scene.subject.networks.bind(vmId, [{ ...nic, secondaryIps: [further] }]);
      expect(await scene.passing({ ...scene.honest(), ...frames })).toEqual(
        Object.keys({ ...scene.honest(), ...frames }),
      );
      expect(await scene.passing(scene.forged())).toEqual([]);
      expect(await scene.offersTo(nic.mac)).toEqual([nic.ip]);
      await scene.subject.networks.bind(vmId, [nic]);
      expect(await scene.passing(frames)).toEqual([]);
    });

    it('gives each guest its own address by DHCP, and a stranger none', async () => {
      expect(await scene.offersTo(scene.attacker.nic.mac)).toContain(scene.attacker.nic.ip);
      expect(await scene.offersTo(STRANGER)).toEqual([]);
    });

    it('carries real connections between guests, and to the gateway', async () => {
      await expect(scene.ping(scene.victim.nic.ip)).resolves.toContain('1 received');
      await expect(scene.ping(scene.subject.network.gateway)).resolves.toContain('1 received');
    });

    it('answers DNS questions where the gateway is the name server', { timeout: ASK_DNS_MS }, async () => {
      expect(await scene.askDns()).toContain('dnsmasq');
    });

    it('mends flushed rules, and knows its ports after a restart of the agent', async () => {
      await scene.subject.flushRules();
      // Without rules they arrive: so it was the rules that held them back.
      const typical = ['ip-of-gateway', 'arp-for-gateway', 'dhcp-offer', 'router-advertisement'];
      expect(await scene.passing(scene.forged())).toEqual(expect.arrayContaining(typical));
      await scene.subject.restarted().reconcile();
      expect(await scene.passing(scene.forged())).toEqual([]);
      expect(await scene.passing(scene.honest())).toEqual(Object.keys(scene.honest()));
    });

    it('keeps a network while it has ports', async () => {
      const { networks, network } = scene.subject;
      await expect(networks.ensureGone(network.id)).rejects.toMatchObject({ code: 'CONFLICT' });
    });
  });
}

/** Under other names, and so with other marks. */
function renamed(frames: Frames): Frames {
  return Object.fromEntries(Object.entries(frames).map(([name, make]) => [`secondary-${name}`, make]));
}

/** What a guest may say to another. */
export function honestFrames(from: NicSpec, to: NicSpec): Frames {
  const ends = { fromMac: from.mac, fromIp: from.ip, toMac: to.mac, toIp: to.ip };
  const probe = { fromMac: from.mac, fromIp: '0.0.0.0', toIp: from.ip };
  return {
    'arp-request': (mark) => arp({ ...ends, toMac: BROADCAST }, 'request', mark),
    'arp-reply': (mark) => arp(ends, 'reply', mark),
    'arp-probe': (mark) => arp(probe, 'request', mark),
    udp: (mark) => udp(ends, { from: 4000, to: 5000 }, mark),
  };
}

/** What it may not say. */
export function forgedFrames(from: NicSpec, to: NicSpec): Frames {
  const { gateway } = from.network;
  const ends = { fromMac: from.mac, fromIp: from.ip, toMac: to.mac, toIp: to.ip };
  const all = { ...ends, toMac: BROADCAST, toIp: '255.255.255.255' };
  const ports = { from: 4000, to: 5000 };
  const server = { from: 67, to: 68 };
  const lldp = { from: from.mac, to: to.mac };
  return {
    'mac-of-nobody': (mark) => udp({ ...ends, fromMac: STRANGER }, ports, mark),
    'ip-of-nobody': (mark) => udp({ ...ends, fromIp: gateway.replace(/\d+$/, '99') }, ports, mark),
    'ip-of-gateway': (mark) => udp({ ...ends, fromIp: gateway }, ports, mark),
    'ip-of-victim': (mark) => udp({ ...ends, fromIp: to.ip }, ports, mark),
    'ip-none': (mark) => udp({ ...ends, fromIp: '0.0.0.0' }, ports, mark),
    'arp-for-gateway': (mark) => arp({ ...ends, fromIp: gateway }, 'reply', mark),
    'arp-announcing-gateway': (mark) => arp({ ...all, fromIp: gateway, toIp: gateway }, 'request', mark),
    'arp-inner-mac': (mark) => arp({ ...ends, senderMac: STRANGER }, 'reply', mark),
    'arp-outer-mac': (mark) => arp({ ...ends, fromMac: STRANGER, senderMac: from.mac }, 'reply', mark),
    'arp-probe-of-victim': (mark) => arp({ ...all, fromIp: '0.0.0.0', toIp: to.ip }, 'request', mark),
    'dhcp-offer': (mark) => udp(all, server, mark),
    'dhcp-offer-unicast': (mark) => udp(ends, server, mark),
    'dhcp-offer-as-gateway': (mark) => udp({ ...all, fromIp: gateway }, server, mark),
    'dhcp-offer-from-none': (mark) => udp({ ...all, fromIp: '0.0.0.0' }, server, mark),
    'router-advertisement': (mark) => icmpv6(from.mac, 134, mark),
    'neighbour-advertisement': (mark) => icmpv6(from.mac, 136, mark),
    'ping-over-ipv6': (mark) => icmpv6(from.mac, 128, mark),
    'tagged-forged': (mark) => tagged(udp({ ...ends, fromIp: gateway }, ports, mark), 0x8100),
    'tagged-honest': (mark) => tagged(udp(ends, ports, mark), 0x8100),
    'service-tagged': (mark) => tagged(udp(ends, ports, mark), 0x88a8),
    'other-protocol': (mark) => frame(lldp, 0x88cc, mark),
    // Last: a switch that believes it sends what is meant for the victim back to where this came from.
    'mac-of-victim': (mark) => udp({ ...ends, fromMac: to.mac }, ports, mark),
  };
}
