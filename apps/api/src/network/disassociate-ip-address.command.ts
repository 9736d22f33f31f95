import type { ParamsOf } from '@durastack/contracts/command';
import { DurastackError } from '@durastack/contracts/errors';
import { disassociateIpAddress } from '@durastack/contracts/network/disassociate-ip-address';
import { transaction, type Tx } from '@durastack/store/database/transaction';
import { notFound, requireAccess } from '@durastack/store/identity/access';
import { freePublicIp } from '@durastack/store/network/public-ips';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { Platform } from '../platform.js';

/** Gives a public address back. */
@Handles(disassociateIpAddress)
export class DisassociateIpAddressHandler implements CommandHandler<typeof disassociateIpAddress> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof disassociateIpAddress>): Promise<void> {
    await transaction(this.platform.database, async (tx) => {
      const id = params.id ?? (await idOfAddress(tx, call, params.ipAddress));
      await requireAccess(tx, call.caller, { type: 'public-ip', id });
      await freePublicIp(tx, id);
    });
  }
}

/** The same address may be in several zones; the caller's own one is meant. */
async function idOfAddress(tx: Tx, call: Call, ip: string | undefined): Promise<string> {
  if (!ip) throw new DurastackError('INVALID_INPUT', 'Give id or ipaddress.');
  const rows = await tx.query<{ id: string }>(
    "SELECT id FROM public_ip WHERE position = INET_ATON(?) AND state = 'Allocated' AND account_id = ?",
    [ip, call.caller.accountId],
  );
  if (rows.length > 1)
    throw new DurastackError('INVALID_INPUT', `You have ${ip} in ${rows.length} zones; give the id instead.`);
  if (rows[0] === undefined) throw notFound('ipaddress', ip);
  return rows[0].id;
}
