import { readdirSync } from 'node:fs';
import type { Scenario } from './scenario.js';

/** Compiled: scenarios start programs that lie beside them, also when a spec reads this file as it is written. */
const FOLDER = new URL('../../dist/bench/scenarios/', import.meta.url);

/** Every scenario by its name, found by scanning: no list to keep. */
export async function loadScenarios(): Promise<Map<string, Scenario>> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.scenario.js'));
  const modules = await Promise.all(
    files.sort().map(async (file) => (await import(new URL(file, FOLDER).href)) as { scenario: Scenario }),
  );
  return new Map(modules.map(({ scenario }) => [scenario.name, scenario]));
}
