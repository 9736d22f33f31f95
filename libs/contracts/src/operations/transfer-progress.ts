import { z } from 'zod';

const bytes = z.number().int().min(0);
const milliseconds = z.number().min(0);

/** How far something is that copies a machine's memory or a disk, in numbers; and at its end, what it came to. */
export const transferProgress = z.object({
  processedBytes: bytes,
  remainingBytes: bytes,
  totalBytes: bytes,
  /** As fast as it is at present. */
  bytesPerSecond: bytes.optional(),
  /** How fast the guest writes to what is being copied. */
  dirtyBytesPerSecond: bytes.optional(),
  /** How often memory was gone through, with this time. */
  pass: z.number().int().min(0).optional(),
  /** How long the guest is expected to stand still; at the end, how long it did. */
  downtimeMs: milliseconds.optional(),
  /** At the end: how long the host was at it. */
  elapsedMs: milliseconds.optional(),
  /** At the end: how much of that went by inside of the hypervisors. */
  hypervisorMs: milliseconds.optional(),
});
/** See {@link transferProgress}. */
export type TransferProgress = z.infer<typeof transferProgress>;
