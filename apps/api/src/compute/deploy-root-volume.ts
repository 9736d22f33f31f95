import type { ParamsOf } from '@durastack/contracts/command';
import type { deployVirtualMachine } from '@durastack/contracts/compute/deploy-virtual-machine';
import { DurastackError } from '@durastack/contracts/errors';
import { newId } from '@durastack/kit/ids/new-id';
import type { Tx } from '@durastack/store/database/transaction';
import type { Template } from './deploy-checks.js';

/** What a deploy is asked with. */
export type DeployParams = ParamsOf<typeof deployVirtualMachine>;

/** What is known before any row is locked. */
export interface DeployPlan {
  readonly vmId: string;
  readonly name: string;
  readonly owner: { readonly accountId: string; readonly domainId: string };
  readonly networks: readonly { readonly id: string; readonly ip?: string | undefined }[];
}

/** Writes the row of the root volume, at least as large as its template. INVALID_INPUT when less was asked for. */
export async function writeRootVolume(
  tx: Tx,
  { params, plan, template }: { params: DeployParams; plan: DeployPlan; template: Template },
): Promise<void> {
  const askedBytes = (params.rootDiskSize ?? 0) * 1024 ** 3;
  if (params.rootDiskSize !== undefined && askedBytes < template.virtualSizeBytes) {
    throw new DurastackError(
      'INVALID_INPUT',
      `rootdisksize ${params.rootDiskSize} GiB is smaller than the template's disk of ${template.virtualSizeBytes} bytes.`,
    );
  }
  await tx.execute(
    `INSERT INTO volume (id, name, account_id, domain_id, zone_id, vm_id, template_id, kind, device_id, size_bytes, state, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'ROOT', 0, ?, 'Allocated', NOW(3))`,
    [
      newId(),
      `ROOT-${plan.name}`,
      plan.owner.accountId,
      plan.owner.domainId,
      params.zoneId,
      plan.vmId,
      params.templateId,
      Math.max(askedBytes, template.virtualSizeBytes),
    ],
  );
}
