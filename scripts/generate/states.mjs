import { toMermaid } from '@durastack/contracts/state-table';
import { builtModules, table } from './modules.mjs';

/** States of every resource: a diagram and what each means. */
export async function statesPage() {
  const modules = await builtModules('libs/contracts', /\.state\.js$/);
  const tables = modules
    .flatMap((module) => Object.values(module))
    .filter((value) => typeof value === 'object' && value !== null && 'events' in value && 'states' in value)
    .sort((a, b) => a.resource.localeCompare(b.resource));
  const sections = tables.map((stateTable) => {
    const rows = Object.entries(stateTable.states).map(([name, { description, transitional, final }]) => [
      `\`${name}\``,
      transitional ? 'under way' : final ? 'final' : 'resting',
      description,
    ]);
    return `## ${stateTable.resource}\n\n\`\`\`mermaid\n${toMermaid(stateTable)}\`\`\`\n\n${table(['State', 'Kind', 'Meaning'], rows)}`;
  });
  return `# States

Every change of a \`state\` column goes through these tables: an event leads from one state to another, or is refused.
Arrows bear the event's name. A state that is _under way_ belongs to a running operation.

${sections.join('\n\n')}
`;
}
