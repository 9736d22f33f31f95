/**
 * Every declared command, called with what its own schema says and with what it does not say. fast-check draws the
 * calls: HOSTILE_SEED repeats a run, HOSTILE_RUNS (calls of each command and face) makes it long.
 */
import { loadCatalogue } from '@durastack/kit/catalogue/load-catalogue';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attack, type Tally } from './attack.js';
import { drawQueryCall } from './query-calls.js';
import { drawRestCall } from './rest-calls.js';
import { Snapshot } from './snapshot.js';
import { startHostileWorld, type HostileWorld } from './world.js';

const seed = Number(process.env['HOSTILE_SEED'] ?? 20_261_121);
const numRuns = Number(process.env['HOSTILE_RUNS'] ?? 12);
const commands = [...(await loadCatalogue()).values()];
const tally: Tally = { accepted: 0, refused: 0, acceptedCommands: new Set() };

let world: HostileWorld;
let snapshot: Snapshot;
beforeAll(async () => {
  world = await startHostileWorld();
  snapshot = await Snapshot.take(world.database);
});
afterAll(async () => {
  process.stdout.write(
    `hostile calls: ${tally.refused} refused, ${tally.accepted} accepted (of ${tally.acceptedCommands.size} commands), seed ${seed}\n`,
  );
  await snapshot.drop();
  await world.stop();
});

describe.each(commands.map((command) => [command.name, command] as const))('%s', (_name, command) => {
  it.each([
    ['of the query API', drawQueryCall],
    ['of the REST face', drawRestCall],
  ] as const)(
    '%s',
    (_face, drawCall) =>
      fc.assert(
        fc.asyncProperty(fc.gen(), (draw) => attack(drawCall(draw, command, world), world, snapshot, tally)),
        { seed, numRuns },
      ),
    3_600_000,
  );
});

it('leaves no trace of a fault in the log', () => {
  expect(world.api.log()).not.toMatch(/failed by a fault|unhandled/i);
});
