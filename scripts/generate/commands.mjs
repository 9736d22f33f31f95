import { wireName, wireOf } from '@durastack/contracts/fields';
import { loadCatalogue } from '@durastack/kit/catalogue/load-catalogue';
import { table } from './modules.mjs';

/** Every command of the catalogue, by domain. */
export async function commandsPage() {
  const commands = [...(await loadCatalogue()).values()].sort((a, b) => a.name.localeCompare(b.name));
  const domains = [...new Set(commands.map((command) => command.domain))].sort();
  const parts = domains.map((domain) => {
    const own = commands.filter((command) => command.domain === domain);
    return `## ${domain}\n\n${own.map(section).join('\n\n')}`;
  });
  return `# Commands

${commands.length} commands. Each is served as \`/client/api?command=<name>\` with the parameter names of the second column, and as the
REST route under \`/api/v1\` with those of the first.

${parts.join('\n\n')}
`;
}

function section(command) {
  const { name, description, rest, roles, params, operation } = command;
  const facts = [`\`${rest.method} /api/v1${rest.path}\``, `roles: ${roles.join(', ')}`, nature(command)];
  if (operation) facts.push(`locks: ${locksOf(operation)}`);
  const rows = Object.entries(params.shape).map(([key, schema]) => {
    const meta = wireOf(schema);
    return [
      `\`${key}\``,
      `\`${wireName(key, schema)}\``,
      meta?.wire ?? '',
      schema.isOptional() ? '' : 'yes',
      meta?.description ?? '',
    ];
  });
  const parameters =
    rows.length > 0 ? `\n\n${table(['Parameter', 'CloudStack', 'Type', 'Required', 'Meaning'], rows)}` : '';
  return `### ${name}\n\n${description}\n\n${facts.map((fact) => `- ${fact}`).join('\n')}${parameters}`;
}

function nature({ operation, isList }) {
  if (isList) return 'a list';
  if (!operation) return 'answers at once';
  const wait = operation.cloudStackWaitMs;
  return wait
    ? `an operation on a ${operation.resource}; CloudStack's face waits up to ${wait / 1000} s for its end`
    : `an operation on a ${operation.resource}`;
}

function locksOf({ locks }) {
  const entries = Object.entries(locks).map(([type, mode]) => `${type} (${mode})`);
  return entries.length > 0 ? entries.join(', ') : 'none';
}
