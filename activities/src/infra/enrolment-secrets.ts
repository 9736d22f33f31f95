import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import { z } from 'zod';

const schema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('agent'), token: z.string(), fingerprint: z.string() }),
  z.object({
    kind: z.literal('ssh'),
    address: z.string(),
    port: z.int(),
    username: z.string(),
    password: z.string().optional(),
    privateKey: z.string().optional(),
    /** SHA-256 of the host's SSH key, as `ssh-keygen -l` prints it; compared before anything secret is sent. */
    fingerprint: z.string(),
  }),
]);

/** What enrolling a host needs; sealed in its row from acceptance until the enrolment has ended. */
export type EnrolmentSecrets = z.infer<typeof schema>;

/** Opens what `addHost` sealed. */
export function openEnrolment(box: SecretBox, hostId: string, sealed: string): EnrolmentSecrets {
  return schema.parse(JSON.parse(box.open(sealed, `host:${hostId}`)));
}
