import { DurastackError } from '@durastack/contracts/errors';
import type { DriverFactory } from '../agent.js';

/** The driver of this machine's libvirt. */
export const makeLibvirtDriver: DriverFactory = async (config) => {
  throw new DurastackError('MISCONFIGURED', `No driver for ${config.libvirtSocket}.`);
};
