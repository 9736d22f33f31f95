/** Keys that libvirt hands to QEMU: private (nobody reads them back) and in the daemon's memory alone. */
import { create } from 'xmlbuilder2';
import type { SecretKeeper } from '../pool-driver.js';
import type { LibvirtClient } from './rpc/client.js';
import { LIBVIRT_ERROR, PROCEDURE } from './rpc/protocol.js';
import { isLibvirtError } from './rpc/remote-error.js';
import { XdrReader, XdrWriter } from './rpc/xdr.js';

/** A libvirtd's secrets; it forgets them when it ends, so they are set again whenever one is needed. */
export function libvirtSecrets(client: LibvirtClient): SecretKeeper {
  return {
    ensure: async ({ uuid, description, value }) => {
      const secret = {
        '@ephemeral': 'yes',
        '@private': 'yes',
        uuid,
        description,
        usage: { '@type': 'ceph', name: `durastack-${uuid}` },
      };
      const xml = create({ secret }).end({ headless: true });
      const reply = await client.callHost(PROCEDURE.secretDefineXml, new XdrWriter().string(xml).uint(0));
      await client.callHost(PROCEDURE.secretSetValue, secretArgs(reply).opaque(value).uint(0));
    },
    ensureGone: async (uuid) => {
      const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
      try {
        const reply = await client.callHost(PROCEDURE.secretLookupByUuid, new XdrWriter().fixed(bytes));
        await client.callHost(PROCEDURE.secretUndefine, secretArgs(reply));
      } catch (error) {
        if (!isLibvirtError(error, LIBVIRT_ERROR.noSecret)) throw error;
      }
    },
  };
}

/** The reference to a secret, as it came: `remote_nonnull_secret`. */
function secretArgs(reply: XdrReader): XdrWriter {
  return new XdrWriter().fixed(reply.fixed(16)).int(reply.int()).string(reply.string());
}
