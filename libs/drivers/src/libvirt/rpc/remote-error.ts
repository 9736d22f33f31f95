/** libvirt's errors as the product's. */
import { DurastackError, isDurastackError } from '@durastack/contracts/errors';
import { LIBVIRT_ERROR } from './protocol.js';
import type { XdrReader } from './xdr.js';

/** A hard power-off that waits for storage: QEMU is in uninterruptible sleep. */
const ERRNO_EBUSY = 16;
/** QEMU ended while it was asked: the next look finds it gone. */
const ERRNO_ECONNRESET = 104;
const ERRNO_EPIPE = 32;
const PASSING: readonly number[] = [ERRNO_EBUSY, ERRNO_ECONNRESET, ERRNO_EPIPE];

/** Decodes a `remote_error` message: `BACKEND_BUSY` for what passes by itself, `STEP_REFUSED` for the rest. */
export function remoteError(body: XdrReader): DurastackError {
  const code = body.int();
  const domain = body.int();
  const text = body.optionalString() ?? 'no message';
  body.int(); // level
  if (body.uint() !== 0) skipDomain(body);
  for (let i = 0; i < 3; i++) body.optionalString();
  const errno = body.int();
  const details = { libvirtCode: code, libvirtDomain: domain, errno };
  const isPassing = code === LIBVIRT_ERROR.systemError && PASSING.includes(errno);
  const passes = isPassing || code === LIBVIRT_ERROR.operationTimeout || code === LIBVIRT_ERROR.resourceBusy;
  return new DurastackError(passes ? 'BACKEND_BUSY' : 'STEP_REFUSED', `libvirt: ${text}`, { details });
}

/** Whether an error is libvirt's of that code (see {@link LIBVIRT_ERROR}). */
export function isLibvirtError(error: unknown, code: number): boolean {
  return isDurastackError(error) && error.details['libvirtCode'] === code;
}

function skipDomain(body: XdrReader): void {
  body.string();
  body.fixed(16);
  body.int();
}
