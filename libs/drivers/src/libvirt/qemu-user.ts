/** The user that libvirt runs QEMU as on this host. */
import type { HostUser } from '../files/reachable.js';
import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';

const labels = z.array(z.object({ '@type': z.string().optional(), '#text': z.string() }));
const capabilities = z.object({
  capabilities: z.object({
    host: z.object({ secmodel: z.array(z.object({ model: z.string(), baselabel: labels.optional() })).optional() }),
  }),
});
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  isArray: (name) => name === 'secmodel' || name === 'baselabel',
  alwaysCreateTextNode: false,
});

/**
 * Reads the user from libvirt's capabilities (`<secmodel><model>dac</model>…<baselabel type='kvm'>+64055:+108`).
 *
 * @returns root when libvirt names none: it then does not change users
 */
export function qemuUserOf(capabilitiesXml: string): HostUser {
  const models = capabilities.parse(parser.parse(capabilitiesXml)).capabilities.host.secmodel ?? [];
  const label = models.find(({ model }) => model === 'dac')?.baselabel?.[0]?.['#text'] ?? '';
  const [, uid, gid] = /^\+(\d+):\+(\d+)$/.exec(label.trim()) ?? [];
  return { uid: Number(uid ?? 0), gid: Number(gid ?? 0) };
}
