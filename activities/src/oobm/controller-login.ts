import type { ControllerLogin } from '@durastack/contracts/infra/power-controller';
import { invariant, isDurastackError } from '@durastack/contracts/errors';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import { controllerSecretContext, type ControllerRow } from '@durastack/store/oobm/controller-rows';

/** Which of its passwords: the one in use, or what it is being changed to. */
export type WhichPassword = 'present' | 'next';

/** The login that a row stands for; undefined when it has no such password. */
export function loginOf(box: SecretBox, row: ControllerRow, which: WhichPassword): ControllerLogin | undefined {
  const sealed = which === 'present' ? row.passwordSealed : row.nextPasswordSealed;
  if (sealed === null) return undefined;
  const { driver, address, port, username, fingerprint } = row;
  const password = box.open(sealed, controllerSecretContext(row.hostId));
  return { driver, address, port, username, password, ...(fingerprint === null ? {} : { fingerprint }) };
}

/** Calls a controller by the password that it takes: while one is changed either may be the right one. */
export async function withLogin<T>(
  box: SecretBox,
  row: ControllerRow,
  body: (login: ControllerLogin) => Promise<T>,
): Promise<T> {
  const present = loginOf(box, row, 'present');
  invariant(present, `The management controller of host ${row.hostId} has no password.`);
  const next = loginOf(box, row, 'next');
  try {
    return await body(present);
  } catch (error) {
    if (next === undefined || !isDurastackError(error, 'FORBIDDEN')) throw error;
    return body(next);
  }
}
