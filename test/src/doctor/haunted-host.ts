/** A host that joins with things on it that do not belong there, as one that was away for a while has them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@durastack/kit/ids/new-id';
import { addHost, deployed, expunge, settle, stop, type Ground } from '../crash/ground.js';

/** What is on it. */
export interface HauntedHost {
  readonly id: string;
  /** Runs on its own host, and here too. */
  readonly twice: string;
  /** Stopped, and runs here. */
  readonly elsewhere: string;
  /** Stopped, and its domain is here. */
  readonly leftover: string;
  /** Stopped, and its files are here. */
  readonly files: string;
  readonly unknownRunning: string;
  readonly unknownOff: string;
  readonly unknownFiles: string;
}

interface WorldFile {
  readonly vms: Record<string, { spec: object; power: string }>;
}

/** Adds it. */
export async function addHauntedHost(ground: Ground): Promise<HauntedHost> {
  const { world } = ground;
  const twice = await deployed(ground);
  const [elsewhere, leftover, files] = [await stoppedVm(ground), await stoppedVm(ground), await stoppedVm(ground)];
  const [unknownRunning, unknownOff, unknownFiles] = [newId(), newId(), newId()];
  const [row] = await world.db.query<{ hostId: string }>('SELECT host_id AS hostId FROM virtual_machine WHERE id = ?', [
    twice,
  ]);
  const its = JSON.parse(readFileSync(worldFile(ground, row!.hostId), 'utf8')) as WorldFile;
  const domain = (id: string, power: string) => ({ [id]: { ...its.vms[twice], power } });
  const started = await addHost(ground);
  const content = {
    ...its,
    networks: {},
    content: {},
    vms: {
      ...domain(twice, 'running'),
      ...domain(elsewhere, 'running'),
      ...domain(leftover, 'off'),
      ...domain(unknownRunning, 'running'),
      ...domain(unknownOff, 'off'),
    },
    leftFiles: [files, unknownFiles],
  };
  mkdirSync(world.simulatorDirectory, { recursive: true });
  writeFileSync(worldFile(ground, started.resourceId), JSON.stringify(content));
  const id = await settle(ground, 'addHost', started);
  return { id, twice, elsewhere, leftover, files, unknownRunning, unknownOff, unknownFiles };
}

const worldFile = ({ world }: Ground, hostId: string): string => join(world.simulatorDirectory, `${hostId}.json`);

async function stoppedVm(ground: Ground): Promise<string> {
  const id = await deployed(ground);
  await settle(ground, 'stopVirtualMachine', await stop(ground, id));
  return id;
}

/** Things that are sound are gone again. */
export async function expungeAll(ground: Ground, ids: readonly string[]): Promise<void> {
  for (const id of ids) await expunge(ground, id);
}
