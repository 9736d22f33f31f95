import { fetchImage } from '@durastack/drivers/image/fetch-image';
import { ensureImageGone } from '@durastack/drivers/image/image-files';
import { createLibvirtDriver } from '@durastack/drivers/libvirt/driver';
import type { DriverFactory } from '../agent.js';
import { AGENT_VERSION } from '@durastack/contracts/agent/version';

/** The driver of this machine's libvirt; its files lie in the agent's directory unless they were given another one. */
export const makeLibvirtDriver: DriverFactory = async (config, log) =>
  createLibvirtDriver({
    socketPath: config.libvirtSocket,
    stateDir: config.agentStateDir ?? config.agentDir,
    instance: config.instance,
    ...(config.ovsRunDir ? { ovsRunDir: config.ovsRunDir } : {}),
    agentVersion: AGENT_VERSION,
    ...(config.agentMaintenanceHooksDir ? { maintenanceHooksDir: config.agentMaintenanceHooksDir } : {}),
    images: {
      fetchImage: (params, context) => fetchImage(params, context),
      ensureImageGone: (params) => ensureImageGone(params),
    },
    onHousekeepingError: (error) => log.warn({ error }, 'housekeeping of networks and serial logs failed'),
  });
