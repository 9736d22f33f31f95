/** Parameters that commands on projects share. */
import { oneOf, text } from '../fields.js';

/** What a member may do: administrators change the project and its members. */
export const PROJECT_MEMBER_ROLES = ['Admin', 'Regular'] as const;

/** What a member may do. */
export const memberRole = oneOf(
  'Admins change the project and its members; Regular when not given.',
  PROJECT_MEMBER_ROLES,
);
/** A project's name. */
export const projectName = text('Its name.').min(1);
/** A project's description. */
export const projectText = text('What it is for; its name when not given.', { max: 4_096 });
