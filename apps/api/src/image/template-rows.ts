import { DurastackError } from '@durastack/contracts/errors';
import { insertRow } from '@durastack/store/database/rows';
import type { Tx } from '@durastack/store/database/transaction';

/** The image store of a zone. INVALID_INPUT when it has none. */
export async function imageStoreOf(tx: Tx, zoneId: string): Promise<string> {
  const [store] = await tx.query<{ id: string }>(
    'SELECT id FROM image_store WHERE zone_id = ? AND removed = 0 ORDER BY created_at LIMIT 1',
    [zoneId],
  );
  if (store) return store.id;
  throw new DurastackError('INVALID_INPUT', `The zone ${zoneId} has no image store; add one first (addImageStore).`);
}

/** A template that is about to come about. */
export interface NewTemplate {
  readonly id: string;
  readonly owner: { readonly accountId: string; readonly domainId: string };
  readonly zoneId: string;
  readonly storeId: string;
  readonly url: string;
  readonly format: string;
  readonly checksum: string | null;
  readonly hypervisor: string;
  readonly osTypeId: string;
  readonly isExtractable: boolean;
  /** Only administrators make it stand out. */
  readonly isAdmin: boolean;
  /** What was said of it. */
  readonly params: {
    readonly name: string;
    readonly displayText?: string | undefined;
    readonly isPublic?: boolean | undefined;
    readonly isFeatured?: boolean | undefined;
    readonly isDynamicallyScalable?: boolean | undefined;
    readonly passwordEnabled?: boolean | undefined;
    /** Of ISOs; templates always are. */
    readonly bootable?: boolean | undefined;
  };
}

/** Writes its row. */
export function writeTemplate(tx: Tx, template: NewTemplate): Promise<void> {
  const { params, owner } = template;
  return insertRow(tx, 'template', {
    ...{ id: template.id, name: params.name, display_text: params.displayText ?? params.name },
    ...{ account_id: owner.accountId, domain_id: owner.domainId, zone_id: template.zoneId },
    ...{ store_id: template.storeId, url: template.url, format: template.format, checksum: template.checksum },
    ...{ hypervisor: template.hypervisor, os_type_id: template.osTypeId, is_public: params.isPublic ?? false },
    ...{ is_featured: template.isAdmin && params.isFeatured === true, is_extractable: template.isExtractable },
    ...{ is_dynamically_scalable: params.isDynamicallyScalable ?? false, bootable: params.bootable ?? true },
    password_enabled: params.passwordEnabled ?? false,
    ...{ state: 'Downloading', status: 'Waiting' },
    created_at: new Date(),
  });
}
