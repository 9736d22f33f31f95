/** A cloud on simulated hosts: two workers, a database of its own, and hosts that note what happens on them. */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DurastackError, invariant } from '@durastack/contracts/errors';
import type { SimulatedEffect } from '@durastack/drivers/simulator/effect-log';
import type { FaultRule } from '@durastack/drivers/simulator/faults';
import { makeBasis } from '../support/basis.js';
import type { Child } from '../support/child.js';
import { startCloud, type Cloud } from '../support/cloud.js';
import { connectAgents } from './agents.js';
import type { PartName } from './plan.js';
import type { ChaosWorld, Part } from './world.js';

const HOSTS = 3;
const HEARTBEAT_MS = 1_000;

/** Starts one. */
export async function startSimulatedWorld(): Promise<ChaosWorld> {
  const notes = mkdtempSync(join(tmpdir(), 'durastack-effects-'));
  const effectsFile = join(notes, 'effects.jsonl');
  const cloud = await startCloud({
    privateDatabase: true,
    workers: 2,
    agentSettings: { DURASTACK_SIMULATOR_EFFECTS_FILE: effectsFile },
    settings: { DURASTACK_HEARTBEAT_INTERVAL_MS: String(HEARTBEAT_MS) },
  }).catch((error: unknown) => {
    rmSync(notes, { recursive: true, force: true });
    throw error;
  });
  const stop = async (): Promise<void> => {
    await cloud.stop();
    rmSync(notes, { recursive: true, force: true });
  };
  try {
    const basis = await makeBasis(cloud, { hosts: HOSTS });
    const agents = await connectAgents(cloud.database.source, join(cloud.directory, 'data.key'));
    return {
      apiUrl: cloud.apiUrl,
      adminKeys: cloud.keys,
      source: cloud.database.source,
      agents,
      temporalAddress: cloud.temporalAddress,
      parts: partsOf(cloud),
      lanesOf: (part) => [part],
      machine: {
        zoneId: basis.zoneId,
        templateId: basis.templateId,
        serviceOfferingId: basis.offeringId,
        networkId: basis.networkId,
      },
      disturb: (rule) => disturb(cloud, rule),
      effects: () => readEffects(effectsFile),
      stop: async () => {
        await agents.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function partsOf(cloud: Cloud): Map<PartName, Part> {
  const [secondWorker] = cloud.otherWorkers;
  const { mariadb } = cloud;
  invariant(secondWorker && mariadb, 'The cloud was started without a second worker or a database of its own.');
  const { api, worker, agent, temporal } = cloud;
  const children = { api, worker, 'worker-2': secondWorker, agent, temporal, mariadb };
  return new Map(Object.entries(children).map(([name, child]) => [name as PartName, partOf(child)]));
}

function partOf(child: Child): Part {
  return {
    alive: async () => child.alive,
    kill: () => child.kill('SIGKILL'),
    start: () => child.start(),
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    log: () => child.log().slice(-4_000),
  };
}

async function disturb(cloud: Cloud, rule: FaultRule): Promise<() => Promise<void>> {
  const pid = cloud.agent.pid;
  const reply = await cloud.simulate('POST', '/faults', rule);
  const id = String(reply['id']);
  if (reply['id'] === undefined)
    throw new DurastackError('BUG', `The simulator refused a fault: ${JSON.stringify(reply)}`);
  return async () => {
    // Faults die with the process that simulates; the next one counts its own anew.
    if (cloud.agent.pid === pid) await cloud.simulate('DELETE', `/faults/${id}`);
  };
}

async function* readEffects(file: string): AsyncIterable<SimulatedEffect> {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line !== '') yield JSON.parse(line) as SimulatedEffect;
  }
}
