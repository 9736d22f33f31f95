import { z } from 'zod';
import { defineCommand, ROOT_ONLY } from '../command.js';
import { ipv4, map, text, uuid } from '../fields.js';
import { hostView } from './host.view.js';

/** Adds a hypervisor host. */
export const addHost = defineCommand({
  name: 'addHost',
  domain: 'infra',
  description:
    'Adds a host: installs the agent over SSH (`ssh://address`, `http://address` as CloudStack has it), or enrols an agent that waits for it (`agent://address:port`). Repeating the call joins the one under way.',
  event: 'HOST.ADD',
  rest: { method: 'POST', path: '/hosts' },
  roles: ROOT_ONLY,
  params: z.object({
    zoneId: uuid('Its zone.'),
    podId: uuid('Its pod.'),
    clusterId: uuid('Its cluster.').optional(),
    clusterName: text('Its cluster, by name.').optional(),
    hypervisor: text('KVM or Simulator.'),
    url: text(
      '`ssh://address[:port]`, `http://address`, or `agent://address:port`; behind the last `/name` for one of several hosts that an agent simulates. Clients that know no parameter `fingerprint` write it behind: `?fingerprint=…`.',
      { max: 2048 },
    ),
    username: text('SSH user; root, or one that may sudo without a password.').optional(),
    password: text('SSH password, used once; or the enrolment token of a waiting agent.', { secret: true }).optional(),
    sshPrivateKey: text('SSH private key instead of the password, PEM.', { max: 16_384, secret: true }).optional(),
    fingerprint: text(
      "SHA-256 fingerprint of the host's SSH key (`SHA256:…`), or of the waiting agent's certificate.",
    ).optional(),
    hostTags: text('Tags, comma-joined.').optional(),
    tunnelAddress: ipv4(
      'IPv4 address on it from which VXLAN tunnels to other hosts start; its own address when not given.',
    ).optional(),
    allocationState: text('Enabled or Disabled.').optional(),
    details: map('Accepted for compatibility.').optional(),
  }),
  result: hostView,
  wrapper: 'host',
  wrapsInList: true,
  operation: {
    title: 'Add host',
    resource: 'host',
    creates: true,
    locks: { host: 'exclusive', cluster: 'shared' },
    lifecycle: { succeed: 'Enrolled', undo: 'EnrolUndone' },
    cloudStackWaitMs: 300_000,
  },
});
