/** What operations that were given up may have left behind, until a later operation on the resource has succeeded. */
import { REMNANT_KINDS } from '@durastack/contracts/operations/attention';
import { readRemnants } from '@durastack/store/operations/remnants';
import type { Check } from './examination.js';
import { finding } from './finding.js';

/** One finding for each thing that was noted. */
export const checkGivenUp: Check = async ({ db }) =>
  (await readRemnants(db)).map(({ operationId, summary, resourceType, resourceId, kind, hostId, poolId, createdAt }) =>
    finding('left-by-given-up', {
      resource: { type: resourceType, id: resourceId },
      where: hostId === null ? (poolId === null ? 'database' : `pool ${poolId}`) : `host ${hostId}`,
      what: `${REMNANT_KINDS[kind]} may be left by “${summary}” (${operationId}), which was given up`,
      since: createdAt,
      place: `${kind}/${hostId ?? poolId ?? operationId}`,
      details: { operationId, ...(hostId === null ? {} : { hostId }), ...(poolId === null ? {} : { poolId }) },
    }),
  );
