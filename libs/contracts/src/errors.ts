/**
 * The one error class of the product and its closed list of codes.
 *
 * The code decides everything else: the HTTP status, whether an activity retries, what a user sees.
 * `details` carries machine-readable facts; never a secret.
 */

interface ErrorKind {
  /** HTTP status of the REST face and of the CloudStack face's envelope when it has no code of its own. */
  readonly httpStatus: number;
  /** CloudStack's `errorcode`, which that face also uses as HTTP status. */
  readonly cloudStackCode: number;
  /** CloudStack's `cserrorcode`, read by CAPC. */
  readonly csErrorCode: number;
  /** Whether the same attempt may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** One sentence for the reference docs. */
  readonly meaning: string;
}

// oxlint-disable-next-line durastack/max-parameters -- columns of the table below, which reads as one
const kind = (
  httpStatus: number,
  cloudStackCode: number,
  csErrorCode: number,
  retryable: boolean,
  meaning: string,
): ErrorKind => ({ httpStatus, cloudStackCode, csErrorCode, retryable, meaning });

/** Every error code, with what follows from it. */
export const ERROR_KINDS = {
  INVALID_INPUT: kind(400, 431, 4350, false, 'A parameter is missing, malformed or out of range.'),
  NOT_ALLOWED_IN_STATE: kind(409, 431, 4350, false, "The resource's present state does not allow this."),
  CONFLICT: kind(409, 431, 4350, false, 'Something with this identity exists already, or is in use.'),
  BUSY: kind(409, 431, 4350, false, 'An operation holds the resource; the message names it.'),
  NOT_AUTHENTICATED: kind(401, 401, 4250, false, 'The credentials are missing, wrong or expired.'),
  FORBIDDEN: kind(403, 432, 4365, false, 'The role of this account does not include the command.'),
  NOT_FOUND: kind(404, 431, 4350, false, 'There is no such object, or this account may not see it.'),
  TOO_MANY_REQUESTS: kind(429, 429, 4370, true, 'Too many attempts; try again later.'),
  QUOTA_EXCEEDED: kind(403, 535, 4370, false, 'A limit of the account or domain is reached.'),
  NO_CAPACITY: kind(507, 533, 4360, false, 'No host or pool has room for this.'),
  HOST_UNREACHABLE: kind(503, 530, 4250, true, 'The host agent does not answer; the operation keeps trying.'),
  HOST_FENCED: kind(409, 530, 4250, false, 'The host was declared fenced while the operation used it.'),
  BACKEND_BUSY: kind(503, 530, 4250, true, 'Database, Temporal or storage is busy; the operation keeps trying.'),
  POOL_UNKNOWN: kind(
    409,
    530,
    4250,
    true,
    'The host was not told how to reach a storage pool; it is told, and asked again.',
  ),
  RECOVERING: kind(503, 530, 4250, true, 'The database was restored; first every host is looked at.'),
  TIMEOUT: kind(503, 408, 4250, true, 'Not finished in the declared time; the operation goes on.'),
  STALE_TOKEN: kind(409, 530, 4250, false, 'A newer operation or undo has acted on the resource since.'),
  SUPERSEDED: kind(409, 530, 4250, false, 'This run of the operation is no longer the current one.'),
  STEP_REFUSED: kind(502, 530, 4250, false, 'A driver refused a step; operators see its text.'),
  IMAGE_REFUSED: kind(400, 431, 4350, false, 'A fetched image is not what it claims to be, or is unsafe.'),
  CANCELLED: kind(409, 530, 4250, false, 'The operation was cancelled.'),
  TOO_LATE: kind(409, 431, 4350, false, 'The operation has passed the step after which it only goes forward.'),
  MEMORY_LOST: kind(
    500,
    530,
    4250,
    false,
    'What a machine had in memory was lost on its way; it is started again from its disks.',
  ),
  UNDO_FAILED: kind(500, 530, 4250, false, 'An undo step failed; the operation needs attention.'),
  FORWARD_FAILED: kind(
    500,
    530,
    4250,
    false,
    'A step after the point of no return failed; the operation needs attention.',
  ),
  MISCONFIGURED: kind(500, 530, 4250, false, 'A setting is unknown, missing or malformed.'),
  ENVIRONMENT: kind(500, 530, 4250, false, 'The machine lacks something; the message says what to do.'),
  BUG: kind(500, 530, 4250, false, 'An invariant of the product does not hold.'),
} as const satisfies Record<string, ErrorKind>;

/** A code from the closed list {@link ERROR_KINDS}. */
export type ErrorCode = keyof typeof ERROR_KINDS;

/** Machine-readable facts about an error: names and values, no secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/**
 * The only error that this product throws on purpose.
 *
 * @param code decides status, retry and wording
 * @param message what was wrong, with which value, and what to do
 * @param options `cause`: the lower error, kept and never concatenated; `details`: facts for machines
 */
export class DurastackError extends Error {
  override readonly name = 'DurastackError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: ErrorDetails } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** Whether the same attempt may succeed later by itself. */
  get retryable(): boolean {
    return ERROR_KINDS[this.code].retryable;
  }
}

/** True for a {@link DurastackError}, also one of another copy of this module; optionally of one code. */
export function isDurastackError(error: unknown, code?: ErrorCode): error is DurastackError {
  const is = error instanceof Error && error.name === 'DurastackError' && 'code' in error;
  return is && (code === undefined || (error as DurastackError).code === code);
}

/** True for a text that is one of the closed list of codes. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERROR_KINDS, code);
}

/** Wraps whatever was thrown; a {@link DurastackError} passes unchanged. */
export function asDurastackError(error: unknown, code: ErrorCode = 'BUG', message?: string): DurastackError {
  if (isDurastackError(error)) return error;
  const text = message ?? (error instanceof Error ? error.message : String(error));
  return new DurastackError(code, text, { cause: error });
}

/** Throws `BUG` when an invariant does not hold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new DurastackError('BUG', message);
}
