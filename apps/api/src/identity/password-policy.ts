/** What new passwords must be. */
import { DurastackError } from '@durastack/contracts/errors';
import type { GlobalSettingName } from '@durastack/contracts/infra/global-settings';
import { autocommit } from '@durastack/store/database/transaction';
import { readDomainSettings } from '@durastack/store/operations/resource-settings';
import type { Platform } from '../platform.js';
import { hashPassword } from './passwords.js';

/** What is counted of a password, with CloudStack's word for it. */
const COUNTS = [
  ['password.policy.minimum.length', /[^]/gu, 'characters'],
  ['password.policy.minimum.uppercase.letters', /\p{Lu}/gu, 'upper case letters'],
  ['password.policy.minimum.lowercase.letters', /\p{Ll}/gu, 'lower case letters'],
  ['password.policy.minimum.digits', /\p{Nd}/gu, 'digits'],
  ['password.policy.minimum.special.characters', /[^\p{L}\p{Nd}]/gu, 'special characters'],
] as const satisfies readonly (readonly [GlobalSettingName, RegExp, string])[];

/**
 * The hash of a user's new password.
 *
 * @throws DurastackError INVALID_INPUT saying what the settings want of it; never repeats it
 */
export async function hashNewPassword(
  platform: Platform,
  { username, domainId }: { readonly username: string; readonly domainId: string },
  password: string,
): Promise<string> {
  const settings = await readDomainSettings(autocommit(platform.database), domainId);
  for (const [name, what, words] of COUNTS) {
    const [least, found] = [settings[name], password.match(what)?.length ?? 0];
    if (found < least)
      throw refused(`User password should contain at least [${least}] ${words}, but it contains [${found}].`);
  }
  const mayContainName = settings['password.policy.allowPasswordToContainUsername'];
  if (!mayContainName && username !== '' && password.toLowerCase().includes(username.toLowerCase()))
    throw refused('User password should not contain their username.');
  const pattern = settings['password.policy.regex'];
  if (pattern !== '' && !new RegExp(`^(?:${pattern})$`, 'u').test(password))
    throw refused('User password does not match with password policy regex.');
  return hashPassword(password);
}

const refused = (message: string) => new DurastackError('INVALID_INPUT', message);
