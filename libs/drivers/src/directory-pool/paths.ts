/** Where things lie in a directory pool. */
import { join } from 'node:path';
import type { DirectoryPoolSpec } from '@durastack/contracts/agent/specs';
import type { VolumeOn } from '../pool-driver.js';

/** The folders of a pool. */
export const POOL_FOLDERS = ['volumes', 'templates', 'heartbeats'] as const;

/** The folder of volumes. */
export const volumesDir = (pool: DirectoryPoolSpec): string => join(pool.path, 'volumes');

/** The folder of base images. */
export const templatesDir = (pool: DirectoryPoolSpec): string => join(pool.path, 'templates');

/** The folder of hosts' heartbeats. */
export const beatsDir = (pool: DirectoryPoolSpec): string => join(pool.path, 'heartbeats');

/** A volume's file. */
export const volumePath = (volume: Pick<VolumeOn<DirectoryPoolSpec>, 'id' | 'pool'>): string =>
  join(volumesDir(volume.pool), `${volume.id}.qcow2`);

/** A template's base image on the pool. */
export const basePath = (pool: DirectoryPoolSpec, templateId: string): string =>
  join(templatesDir(pool), `${templateId}.qcow2`);

/** Whether a file name is that of an unfinished file of this thing. */
export const isPartialOf = (name: string, id: string): boolean => name.startsWith(`.${id}.`) && name.endsWith('.part');
