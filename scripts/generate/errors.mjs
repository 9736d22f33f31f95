import { ERROR_KINDS } from '@durastack/contracts/errors';
import { table } from './modules.mjs';

/** Every error code, with what each face makes of it. */
export function errorsPage() {
  const rows = Object.entries(ERROR_KINDS).map(([code, kind]) => [
    `\`${code}\``,
    kind.meaning,
    kind.httpStatus,
    kind.cloudStackCode,
    kind.csErrorCode,
    kind.retryable ? 'yes' : 'no',
  ]);
  return `# Error codes

The closed list. REST answers an RFC 9457 problem with the HTTP status; CloudStack's face answers \`errorcode\` and
\`cserrorcode\`. A code that may be retried is retried by the operation itself, which goes on meanwhile.

${table(['Code', 'Meaning', 'HTTP', 'errorcode', 'cserrorcode', 'Retried'], rows)}
`;
}
