/**
 * The doctor on a real database and a real agent: every kind of finding is planted, found with its words, mended
 * where that is safe, and gone.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from '@durastack/activities/doctor/diagnose';
import type { Finding } from '@durastack/activities/doctor/finding';
import { FINDING_KINDS } from '@durastack/activities/doctor/finding-kinds';
import { treat } from '@durastack/activities/doctor/treat';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import { makeGround, type Ground } from '../crash/ground.js';
import { startMatrixWorld, type MatrixWorld } from '../crash/matrix-world.js';
import { loadStepLists } from '../support/workflows.js';
import type { Damage } from './damage.js';
import { addHauntedHost, type HauntedHost } from './haunted-host.js';
import { HOST_DAMAGE } from './host-damage.js';
import { OPERATION_DAMAGE } from './operation-damage.js';
import { RESOURCE_DAMAGE } from './resource-damage.js';

const LIMIT_MS = 120_000;
const DAMAGE: readonly Damage[] = [...OPERATION_DAMAGE, ...HOST_DAMAGE, ...RESOURCE_DAMAGE];
/** Found on the haunted host; by the spec that has Temporal; by that of operations that were given up. */
const ELSEWHERE = [
  ...['machine-on-two-hosts', 'machine-elsewhere', 'machine-unknown-running', 'machine-unknown-off'],
  ...['machine-leftover', 'machine-files-left', 'machine-files-unknown'],
  ...['operation-without-workflow', 'workflow-without-operation', 'workflow-superseded', 'temporal-unreachable'],
  'left-by-given-up',
];

let world: MatrixWorld;
let ground: Ground;
beforeAll(async () => {
  world = await startMatrixWorld();
  ground = await makeGround(world, await loadStepLists());
}, LIMIT_MS);
afterAll(() => world?.stop());

const dependencies = (client: AgentClient = world.agents.client) => ({
  source: world.database.source,
  agents: { client },
  lookAgainMs: 20,
});
const look = (client?: AgentClient) => diagnose(dependencies(client));
const said = (findings: readonly Finding[]) => findings.map(({ kind, what }) => `${kind}: ${what}`);

it('every kind of finding is planted by some spec', () => {
  const planted = new Set<string>([...ELSEWHERE, ...DAMAGE.flatMap(({ kinds }) => kinds)]);
  const missing = Object.keys(FINDING_KINDS).filter((kind) => !planted.has(kind));
  expect(missing, 'add damage that shows each of these to test/src/doctor/*-damage.ts').toEqual([]);
});

it('finds nothing where nothing is wrong', async () => {
  expect(said(await look())).toEqual([]);
});

describe('a host that was away', () => {
  let haunted: HauntedHost;
  beforeAll(async () => {
    haunted = await addHauntedHost(ground);
  }, LIMIT_MS);

  it('has what does not belong there; only stopped leftovers of known machines are removed', async () => {
    const found = await look();
    const byKind = Object.fromEntries(found.map(({ kind, resource }) => [kind, resource.id]));
    const reported = {
      'machine-on-two-hosts': haunted.twice,
      'machine-elsewhere': haunted.elsewhere,
      'machine-unknown-running': haunted.unknownRunning,
      'machine-unknown-off': haunted.unknownOff,
      'machine-files-unknown': haunted.unknownFiles,
    };
    expect(byKind).toEqual({
      ...reported,
      'machine-leftover': haunted.leftover,
      'machine-files-left': haunted.files,
    });
    expect(said(found).join('\n')).toMatch(/is running on host .+ too$/m);
    const results = await treat(dependencies(), found);
    expect(results.map(({ outcome }) => outcome)).toEqual(['mended', 'mended']);
    const left = await look();
    expect(Object.fromEntries(left.map(({ kind, resource }) => [kind, resource.id]))).toEqual(reported);
  });

  it('is not touched where an operation works on the machine meanwhile', async () => {
    const { db } = world;
    const [found] = (await look()).filter(({ kind }) => kind === 'machine-unknown-off');
    const pretended = {
      ...found!,
      kind: 'machine-leftover' as const,
      resource: { type: 'virtual-machine', id: haunted.elsewhere },
    };
    await db.execute('UPDATE virtual_machine SET operation_id = id WHERE id = ?', [haunted.elsewhere]);
    expect(await treat(dependencies(), [pretended])).toEqual([{ id: found!.id, outcome: 'passed' }]);
    await db.execute('UPDATE virtual_machine SET operation_id = NULL WHERE id = ?', [haunted.elsewhere]);
  });
});

describe.each(DAMAGE.map((damage) => ({ ...damage, damage })))('$title', ({ damage }: { damage: Damage }) => {
  it('is found, said, and mended where that is no guess', { timeout: LIMIT_MS }, async () => {
    const known = new Set((await look()).map(({ id }) => id));
    const fresh = async (client?: AgentClient) => (await look(client)).filter(({ id }) => !known.has(id));
    const scene = { ground, db: world.db, client: world.agents.client };
    const { restore, client } = await damage.plant(scene);
    try {
      const found = await fresh(client);
      expect(found.map(({ kind }) => kind).sort()).toEqual([...damage.kinds].sort());
      for (const word of damage.words) expect(said(found).join('\n')).toContain(word);
      const results = await treat(dependencies(client), found);
      const automatic = found.filter(({ fix }) => fix.automatic);
      expect(results.map(({ outcome }) => outcome)).toEqual(automatic.map(() => 'mended'));
      const left = found.filter(({ fix }) => !fix.automatic).map(({ id }) => id);
      expect((await fresh(client)).map(({ id }) => id).sort()).toEqual(left.sort());
    } finally {
      // Also when it was not found: the next damage stands on sound ground.
      await restore?.();
    }
    expect(said(await fresh())).toEqual([]);
  });
});
