import type { ControllerLogin } from '@durastack/contracts/infra/power-controller';
import { isDurastackError } from '@durastack/contracts/errors';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import { controllerSecretContext, readCandidates, type ControllerRow } from '@durastack/store/oobm/controller-rows';

/** The logins that a controller may take. */
export interface ControllerLogins {
  readonly present: ControllerLogin;
  /** With the password that it is being changed to. */
  readonly next: ControllerLogin | undefined;
  /** With one that a change which was given up may have left there. */
  readonly leftover: ControllerLogin | undefined;
}

/** The logins that a row stands for. */
export function loginsOf(box: SecretBox, row: ControllerRow): ControllerLogins {
  const { driver, address, port, username, fingerprint } = row;
  const plain = { driver, address, port, username, ...(fingerprint === null ? {} : { fingerprint }) };
  const [next, leftover] = readCandidates(box, row).map((password) => ({ ...plain, password }));
  const password = box.open(row.passwordSealed, controllerSecretContext(row.hostId));
  return { present: { ...plain, password }, next, leftover };
}

/** Calls a controller by the password that it takes: while one is changed any may be the right one. */
export async function withLogin<T>(
  box: SecretBox,
  row: ControllerRow,
  body: (login: ControllerLogin) => Promise<T>,
): Promise<T> {
  const { present, next, leftover } = loginsOf(box, row);
  const logins = [present, next, leftover].filter((login) => login !== undefined);
  const last = logins.pop() ?? present;
  for (const login of logins) {
    try {
      return await body(login);
    } catch (error) {
      if (!isDurastackError(error, 'FORBIDDEN')) throw error;
    }
  }
  return body(last);
}
