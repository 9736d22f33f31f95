/** What accounts and domains have; limits are texts in CloudStack, and there are none yet. */
import { long, text } from '../fields.js';

const limit = (what: string) => text(`How many ${what} there may be: Unlimited.`).optional();
const available = (what: string) => text(`How many more ${what} there may be: Unlimited.`).optional();
const total = (what: string) => long(`How many ${what} there are.`).optional();

/** Fields of the kinds that are counted. */
export const limitFields = {
  vmLimit: limit('virtual machines'),
  vmAvailable: available('virtual machines'),
  vmTotal: total('virtual machines'),
  volumeLimit: limit('volumes'),
  volumeAvailable: available('volumes'),
  volumeTotal: total('volumes'),
  templateLimit: limit('templates'),
  templateAvailable: available('templates'),
  templateTotal: total('templates'),
  networkLimit: limit('networks'),
  networkAvailable: available('networks'),
  networkTotal: total('networks'),
};

/** The limits of whoever has none. */
export const UNLIMITED = {
  vmLimit: 'Unlimited',
  vmAvailable: 'Unlimited',
  volumeLimit: 'Unlimited',
  volumeAvailable: 'Unlimited',
  templateLimit: 'Unlimited',
  templateAvailable: 'Unlimited',
  networkLimit: 'Unlimited',
  networkAvailable: 'Unlimited',
} as const;
