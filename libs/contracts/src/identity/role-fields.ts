/** Parameters that commands on roles share. */
import { bool, field, oneOf, text } from '../fields.js';
import { z } from 'zod';
import { PERMISSIONS, RULE_PATTERN } from './role-rules.js';
import { ROLE_TYPES } from './roles.js';

/** A role's type. */
export const roleType = oneOf('How far accounts that have it see.', ROLE_TYPES);
/** What a rule does. */
export const permission = oneOf('What becomes of the commands that it matches.', PERMISSIONS);
/** A role's name. */
export const roleName = text('Its name.').min(1);
/** A role's description. */
export const roleDescription = text('What it is for.');
/** Whether administrators of domains may give a role. */
export const isPublic = bool('Whether administrators of domains may give it too; true when not given.');
/** A rule's text. */
export const rule = field(
  z.string().trim().min(1).max(255).regex(RULE_PATTERN, 'is no name of a command with * for any characters'),
  { description: "A command's name, with * for any characters.", wire: 'string', length: 255 },
);
