/** What a deploy names, looked up and checked. Nothing here writes. */
import type { ParamsOf } from '@durastack/contracts/command';
import type { deployVirtualMachine } from '@durastack/contracts/compute/deploy-virtual-machine';
import { DurastackError } from '@durastack/contracts/errors';
import type { Tx } from '@durastack/store/database/transaction';
import { notFound } from '@durastack/store/identity/access';
import type { WantedNetwork } from '@durastack/store/network/nic-plan';
import type { Caller } from '@durastack/store/identity/caller';

type Params = ParamsOf<typeof deployVirtualMachine>;
type Owner = { readonly accountId: string; readonly domainId: string };

/** RFC 1123 host name of one label; `VM-<id>` when none is given. INVALID_INPUT for anything else. */
export function hostNameOf(name: string | undefined, vmId: string): string {
  if (name === undefined) return `VM-${vmId}`.slice(0, 63);
  if (!/^[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name)) {
    throw new DurastackError(
      'INVALID_INPUT',
      `The name ${name} is no host name: a letter first, then letters, digits and hyphens, at most 63, no hyphen last.`,
    );
  }
  return name;
}

/** A template as a deploy uses it. */
export interface Template {
  readonly virtualSizeBytes: number;
  readonly hypervisor: string;
}

/** A template that the owner may deploy, in its zone. NOT_FOUND, or NOT_ALLOWED_IN_STATE while it is not ready. */
export async function readTemplate(
  tx: Tx,
  wanted: { caller: Caller; owner: Owner; templateId: string; zoneId: string },
): Promise<Template> {
  const { caller, owner, templateId, zoneId } = wanted;
  const [row] = await tx.query<
    Template & {
      state: string;
      format: string;
      zoneId: string;
      accountId: string;
      isPublic: number;
      isShared: number;
      zoneState: string;
    }
  >(
    `SELECT t.virtual_size_bytes AS virtualSizeBytes, t.hypervisor, t.state, t.format, t.zone_id AS zoneId, t.account_id AS accountId, t.is_public AS isPublic,
       EXISTS (SELECT 1 FROM template_permission s WHERE s.template_id = t.id AND s.account_id = ?) AS isShared,
       z.allocation_state AS zoneState
     FROM template t JOIN zone z ON z.id = t.zone_id WHERE t.id = ?`,
    [owner.accountId, templateId],
  );
  const isOpen = row && (row.isPublic === 1 || Number(row.isShared) === 1);
  const mayUse = row && (isOpen || row.accountId === owner.accountId || caller.role === 'admin');
  if (!row || !mayUse || row.state === 'Removed') throw notFound('templateid', templateId);
  if (row.format === 'iso')
    throw new DurastackError(
      'INVALID_INPUT',
      `${templateId} is an ISO; machines are made from templates (listTemplates) only.`,
    );
  if (row.zoneId !== zoneId)
    throw new DurastackError('INVALID_INPUT', `The template ${templateId} is not in the zone ${zoneId}.`);
  if (row.zoneState !== 'Enabled')
    throw new DurastackError('NOT_ALLOWED_IN_STATE', `The zone ${zoneId} is disabled for new machines.`);
  if (row.state !== 'Ready')
    throw new DurastackError(
      'NOT_ALLOWED_IN_STATE',
      `The template ${templateId} is ${row.state}; wait until it is Ready.`,
    );
  return { virtualSizeBytes: Number(row.virtualSizeBytes), hypervisor: row.hypervisor };
}

/** The named key pairs of an account. INVALID_INPUT naming one that does not exist. */
export async function readKeyPairs(
  tx: Tx,
  accountId: string,
  params: Pick<Params, 'keyPair' | 'keyPairs'>,
): Promise<{ publicKeys: string | null; names: string | null }> {
  const names = [...new Set([...(params.keyPairs ?? []), ...(params.keyPair === undefined ? [] : [params.keyPair])])];
  if (names.length === 0) return { publicKeys: null, names: null };
  const rows = await tx.query<{ name: string; public_key: string }>(
    'SELECT name, public_key FROM ssh_key_pair WHERE account_id = ? AND name IN (?)',
    [accountId, names],
  );
  const missing = names.find((name) => !rows.some((row) => row.name === name));
  if (missing !== undefined)
    throw new DurastackError('INVALID_INPUT', `A key pair with name '${missing}' does not exist for this account.`);
  return { publicKeys: rows.map((row) => row.public_key.trim()).join('\n'), names: names.join(',') };
}

function askedNetworks(params: Params): WantedNetwork[] {
  if (params.ipToNetworkList) {
    return params.ipToNetworkList.map((entry) => ({
      id: entry['networkid'] ?? entry['networkId'] ?? '',
      ip: entry['ip'],
    }));
  }
  return (params.networkIds ?? []).map((id, index) => ({ id, ip: index === 0 ? params.ipAddress : undefined }));
}

/**
 * The networks of a new machine: those asked for, or the zone's oldest one that is open to all.
 *
 * @throws DurastackError NOT_FOUND for a network that the owner may not use; INVALID_INPUT when the zone has none,
 *   or one is named twice
 */
export async function pickNetworks(
  tx: Tx,
  { owner, params }: { owner: Owner; params: Params },
): Promise<WantedNetwork[]> {
  const usable = await usableNetworks(tx, owner, params.zoneId);
  const asked = askedNetworks(params);
  if (asked.length === 0) {
    if (!usable[0])
      throw new DurastackError(
        'INVALID_INPUT',
        'The zone has no network that this account may use; name one in networkids, or create one.',
      );
    return [{ id: usable[0].id, ip: params.ipAddress }];
  }
  for (const { id } of asked) if (!usable.some((network) => network.id === id)) throw notFound('networkids', id);
  if (new Set(asked.map(({ id }) => id)).size < asked.length)
    throw new DurastackError('INVALID_INPUT', 'A network is named twice in networkids.');
  return asked;
}

/** Networks of a zone that an owner may use, the oldest first. */
export async function usableNetworks(
  tx: Tx,
  owner: Owner,
  zoneId: string,
): Promise<readonly { readonly id: string }[]> {
  return tx.query<{ id: string }>(
    `SELECT n.id FROM network n WHERE n.zone_id = ? AND n.state = 'Implemented'
       AND (n.acl = 'all' OR n.account_id = ? OR (n.acl = 'domain' AND EXISTS (
         SELECT 1 FROM domain above JOIN domain own ON own.path LIKE CONCAT(above.path, '%') WHERE above.id = n.domain_id AND own.id = ?)))
     ORDER BY n.created_at, n.id`,
    [zoneId, owner.accountId, owner.domainId],
  );
}
