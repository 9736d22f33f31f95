/** What operators say about HA. */
import type { HostHaState } from '@durastack/contracts/infra/host-ha-states';
import { DurastackError } from '@durastack/contracts/errors';
import type { DataSource } from 'typeorm';
import { requireRow } from '../database/rows.js';
import { transaction, type Tx } from '../database/transaction.js';

/**
 * Says who tells whether a host is dead.
 *
 * @param providers by hypervisor
 * @throws DurastackError NOT_FOUND; INVALID_INPUT when the provider is for another hypervisor
 */
export async function configureHostHa(
  source: DataSource,
  host: { readonly id: string; readonly provider: string },
  providers: Readonly<Record<string, string>>,
): Promise<void> {
  await transaction(source, async (tx) => {
    const { hypervisor, name } = await requireHost(tx, host.id);
    if (providers[hypervisor] !== host.provider)
      throw new DurastackError(
        'INVALID_INPUT',
        `Host ${name} runs ${hypervisor}, for which the provider is ${providers[hypervisor] ?? 'none'}, not ${host.provider}.`,
      );
    await tx.execute(
      `INSERT INTO host_ha (id, provider, enabled, state, since, falls, created_at) VALUES (?, ?, 0, 'Available', NOW(3), 0, NOW(3))
       ON DUPLICATE KEY UPDATE provider = VALUES(provider)`,
      [host.id, host.provider],
    );
  });
}

/**
 * Lets HA act for a host, or not.
 *
 * @throws DurastackError NOT_FOUND; NOT_ALLOWED_IN_STATE when it was not configured
 */
export async function enableHostHa(source: DataSource, hostId: string, enabled: boolean): Promise<void> {
  await transaction(source, async (tx) => {
    const { name } = await requireHost(tx, hostId);
    const rows = await tx.query('SELECT id FROM host_ha WHERE id = ? FOR UPDATE', [hostId]);
    if (rows.length === 0)
      throw new DurastackError(
        'NOT_ALLOWED_IN_STATE',
        `HA was not configured for host ${name} yet: configureHAForHost says who tells whether it is dead.`,
      );
    await tx.execute('UPDATE host_ha SET enabled = ? WHERE id = ?', [enabled, hostId]);
  });
}

/** Lets HA act for the hosts of a cluster or zone, or not. NOT_FOUND when there is none. */
export async function allowHa(
  source: DataSource,
  place: { readonly type: 'cluster' | 'zone'; readonly id: string },
  allowed: boolean,
): Promise<void> {
  await transaction(source, async (tx) => {
    await requireRow(tx, place, { parameter: `${place.type}id`, lock: 'update' });
    await tx.execute(`UPDATE ${place.type} SET ha_disabled = ? WHERE id = ?`, [!allowed, place.id]);
  });
}

function requireHost(tx: Tx, id: string): Promise<{ hypervisor: string; name: string }> {
  return requireRow(tx, { type: 'host', id }, { parameter: 'hostid', lock: 'share', where: "state <> 'Removed'" });
}

/** Writes how HA stands with a host. `since` stays while the state does. */
export async function noteHaState(tx: Tx, hostId: string, state: HostHaState, reason: string | null): Promise<void> {
  await tx.execute(
    'UPDATE host_ha SET since = IF(state = ?, since, NOW(3)), state = ?, reason = ? WHERE id = ? AND (state <> ? OR NOT reason <=> ?)',
    [state, state, reason, hostId, state, reason],
  );
}
