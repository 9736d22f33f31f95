/** The user that libvirt runs QEMU as on this host, and what that user must be able to reach. */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DurastackError } from '@durastack/contracts/errors';
import { XMLParser } from 'fast-xml-parser';
import { z } from 'zod';

/** Numbers of a user and its group. */
export interface QemuUser {
  readonly uid: number;
  readonly gid: number;
}

const OTHERS_PASS = 0o001;
const GROUP_PASSES = 0o010;
const OWNER_PASSES = 0o100;

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
export function qemuUserOf(capabilitiesXml: string): QemuUser {
  const models = capabilities.parse(parser.parse(capabilitiesXml)).capabilities.host.secmodel ?? [];
  const label = models.find(({ model }) => model === 'dac')?.baselabel?.[0]?.['#text'] ?? '';
  const [, uid, gid] = /^\+(\d+):\+(\d+)$/.exec(label.trim()) ?? [];
  return { uid: Number(uid ?? 0), gid: Number(gid ?? 0) };
}

/**
 * Every directory from the root to `dir` lets that user pass.
 *
 * @param what what the directory is for, and how it is mended
 * @throws DurastackError `STEP_REFUSED` naming the first that does not
 */
export async function requireReachable(dir: string, user: QemuUser, what: string): Promise<void> {
  if (user.uid === 0) return;
  for (const path of ancestors(resolve(dir))) {
    const { uid, gid, mode } = await stat(path);
    const needed = uid === user.uid ? OWNER_PASSES : gid === user.gid ? GROUP_PASSES : OTHERS_PASS;
    if ((mode & needed) !== 0) continue;
    const text = `QEMU runs as user ${user.uid} on this host and may not pass through ${path} (mode ${(mode & 0o777).toString(8)})`;
    throw new DurastackError('STEP_REFUSED', `${text}: ${what}`);
  }
}

function ancestors(dir: string): string[] {
  const above = dirname(dir);
  return above === dir ? [dir] : [...ancestors(above), dir];
}
