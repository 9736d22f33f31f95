/** HA: what waits for a person, or for room. */
import { findWaiting } from '../ha/ha-alerts.js';
import type { Check } from './examination.js';

/** Every question of this area. */
export const checkHa: Check = ({ db }) => findWaiting(db);
