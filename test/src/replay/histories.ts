import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where recorded histories lie: `<workflow>/<name>.json`, Temporal's JSON of a history. */
export const HISTORIES = fileURLToPath(new URL('../../src/replay/histories/', import.meta.url));

/** Every recorded history: its workflow and its JSON. */
export function readHistories(): { workflow: string; name: string; history: unknown }[] {
  return readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const [workflow = '', name = ''] = file.split('/');
      return { workflow, name, history: JSON.parse(readFileSync(HISTORIES + file, 'utf8')) as unknown };
    });
}
