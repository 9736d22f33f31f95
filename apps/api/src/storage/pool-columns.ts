import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import type { PoolTarget } from './pool-url.js';

/** The columns of a pool's row that differ by kind. */
export interface PoolColumns {
  readonly kind: PoolTarget['kind'];
  readonly path: string;
  readonly monitors: string | null;
  readonly ceph_user: string | null;
  readonly secret_sealed: string | null;
  readonly fencing_user: string | null;
  readonly fencing_secret_sealed: string | null;
}

/** A pool's target as its row holds it. Secrets leave this function sealed. */
export function poolColumns(box: SecretBox, id: string, target: PoolTarget): PoolColumns {
  if (target.kind !== 'rbd') {
    const ofRbd = { monitors: null, ceph_user: null, secret_sealed: null };
    return { kind: target.kind, path: target.path, ...ofRbd, fencing_user: null, fencing_secret_sealed: null };
  }
  const seal = (secret: string): string => box.seal(secret, `storage-pool:${id}`);
  const { monitors, pool, hosts, fencing } = target;
  return {
    kind: target.kind,
    path: pool,
    monitors: monitors.join(','),
    ceph_user: hosts.user,
    secret_sealed: seal(hosts.secret),
    fencing_user: fencing?.user ?? null,
    fencing_secret_sealed: fencing ? seal(fencing.secret) : null,
  };
}
