/**
 * An estate of thousands of rows, for measuring lists: as the API would have left them, but written in bulk. The doctor
 * finds nothing wrong with it, and what it has counts against limits.
 */
import { DurastackError } from '@durastack/contracts/errors';
import type { DataSource } from 'typeorm';
import { autocommit, type Tx } from '../database/transaction.js';
import { readSetting } from '../operations/settings.js';
import type { RowCount } from './batches.js';
import type { EstateSize } from './estate-size.js';
import { findGround } from './ground.js';
import { makeHosts } from './hosts.js';
import { makeMachines } from './machines.js';
import { makeNetworks, makePublicIps } from './networks.js';
import { makeAccounts, makeDomains, type Tenants } from './tenants.js';

/** What the names of everything begin with where nothing else is said. */
const PREFIX = 'bulk';
/** Notes that a cloud has an estate of a prefix. */
const doneOf = (prefix: string) => `estate-${prefix}`;
/** Without statistics the optimiser takes full tables for empty ones. */
const TABLES = ['domain', 'account', 'user', 'network', 'public_ip', 'virtual_machine', 'volume', 'nic', 'host'];

/** What a part of an estate was. */
export interface PartMade {
  /** e.g. `25000 machines`. */
  readonly what: string;
  readonly rows: RowCount;
  readonly seconds: number;
}

/** How an estate is to be made. */
export interface EstateOrder {
  readonly size: EstateSize;
  /** Name of the instance. */
  readonly instance: string;
  /** What the names of everything begin with; default `bulk`. A cloud takes one estate of each. */
  readonly prefix?: string;
  /** Told of each part as it is there. */
  readonly onPart?: (part: PartMade) => void;
}

/**
 * Refuses a cloud that has an estate.
 *
 * @throws DurastackError CONFLICT
 */
export async function requireUnpopulated(tx: Tx, prefix = PREFIX): Promise<void> {
  const known = await readSetting(tx, doneOf(prefix));
  if (known !== undefined)
    throw new DurastackError('CONFLICT', `The cloud was populated already (${known}); remove it first for another.`);
}

/**
 * Makes an estate in the cloud's first zone.
 *
 * @returns who owns it
 * @throws DurastackError CONFLICT when there is one; NOT_FOUND when the cloud has nothing for it to stand on
 */
export async function populate(source: DataSource, order: EstateOrder): Promise<Tenants> {
  const { size, instance, prefix = PREFIX, onPart } = order;
  const db = autocommit(source);
  await requireUnpopulated(db, prefix);
  const ground = await findGround(db, { instance, prefix });
  await db.execute('INSERT INTO setting (name, value) VALUES (?, ?)', [doneOf(prefix), JSON.stringify(size)]);
  const part = async <T extends { rows: RowCount }>(what: string, make: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const made = await make();
    if (made.rows > 0) onPart?.({ what, rows: made.rows, seconds: (performance.now() - begun) / 1_000 });
    return made;
  };
  const { domains } = await part(`${size.domains} domains`, () => makeDomains(source, ground, size));
  const { tenants } = await part(`${size.accounts} accounts with a user each`, () =>
    makeAccounts(source, ground, { domains, count: size.accounts }),
  );
  const { networks } = await part(`${size.networks} networks`, () =>
    makeNetworks(source, ground, { tenants, count: size.networks }),
  );
  await part(`${size.publicips} public addresses`, async () => ({
    rows: await makePublicIps(source, ground, { tenants, networks, count: size.publicips }),
  }));
  await part(`${size.vms} machines with ${size.volumes} volumes`, async () => ({
    rows: await makeMachines(source, ground, { tenants, networks, count: size.vms, volumes: size.volumes }),
  }));
  await part(`${size.hosts} hosts`, async () => ({ rows: await makeHosts(source, ground, size.hosts) }));
  await db.query(`ANALYZE TABLE ${TABLES.map((table) => `\`${table}\``).join(', ')}`);
  return tenants;
}
