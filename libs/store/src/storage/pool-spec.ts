/** A pool's row as hosts are told of it. The one place that knows which columns belong to which kind. */
import type { PoolSpec } from '@durastack/contracts/agent/specs';
import { invariant } from '@durastack/contracts/errors';

/** What {@link toPoolSpec} is made from. */
export interface PoolSpecRow {
  readonly id: string;
  readonly kind: string;
  readonly path: string;
  readonly monitors: string | null;
  readonly cephUser: string | null;
}

/** The columns of a {@link PoolSpecRow}, of `storage_pool p`. */
export const POOL_SPEC_COLUMNS = 'p.id, p.kind, p.path, p.monitors, p.ceph_user AS cephUser';

/** The specification. */
export function toPoolSpec({ id, kind, path, monitors, cephUser }: PoolSpecRow): PoolSpec {
  switch (kind) {
    case 'directory':
    case 'shared-mount-point':
      return { id, kind, path };
    case 'rbd':
      invariant(monitors && cephUser, `The rbd pool ${id} has no monitors or no user.`);
      return { id, kind, monitors: monitors.split(','), pool: path, user: cephUser };
    default:
      invariant(false, `The pool ${id} is of the unknown kind ${kind}.`);
  }
}

/** Where the things of a pool lie, for people. */
export function poolPlaces(pool: PoolSpec): {
  readonly root: string;
  readonly volume: (id: string) => string;
  readonly template: (id: string) => string;
  /** What to look at one of them with. */
  readonly look: (place: string) => string;
} {
  if (pool.kind === 'rbd')
    return {
      root: `rbd:${pool.pool}`,
      volume: (id) => `${pool.pool}/volume-${id}`,
      template: (id) => `${pool.pool}/template-${id}`,
      look: (place) => `rbd info ${place}`,
    };
  return {
    root: pool.path,
    volume: (id) => `${pool.path}/volumes/${id}.qcow2`,
    template: (id) => `${pool.path}/templates/${id}.qcow2`,
    look: (place) => `qemu-img info -U ${place}`,
  };
}
