import { environmentName } from '@durastack/kit/config/load-config';
import { builtModules, table } from './modules.mjs';

const APPS = { 'apps/api': 'API', 'apps/worker': 'Worker', 'apps/host-agent': 'Host agent' };

/** Every setting of every app, from the schemas that refuse wrong ones. */
export async function settingsPage() {
  const sections = [];
  for (const [folder, title] of Object.entries(APPS)) {
    const modules = await builtModules(folder, /(^|\/)(config|settings)\.js$/);
    const schemas = modules
      .flatMap((module) => Object.values(module))
      .filter((value) => value?.shape?.instance !== undefined);
    for (const schema of schemas) sections.push(`## ${title}\n\n${settings(folder, schema)}`);
  }
  return `# Settings

Environment variables; or, in a YAML or JSON file that \`DURASTACK_CONFIG_FILE\` names, the same in camelCase
(\`databaseUrl\` for \`DURASTACK_DATABASE_URL\`). The environment counts more. Each program refuses a setting that it does
not know, and a value that it cannot read, with one line that names every fault.

${sections.join('\n\n')}
`;
}

function settings(folder, schema) {
  const mute = Object.keys(schema.shape).filter((key) => !schema.shape[key].description);
  if (mute.length > 0) {
    process.stderr.write(`${folder}: these settings lack .describe(…): ${mute.join(', ')}\n`);
    process.exit(1);
  }
  const rows = Object.entries(schema.shape).map(([key, field]) => [
    `\`${environmentName(key)}\``,
    field.description,
    required(field),
  ]);
  return table(['Variable', 'Meaning', 'Default'], rows);
}

function required(field) {
  const { success, data } = field.safeParse(undefined);
  if (!success) return '**required**';
  if (data === undefined || data === '' || (Array.isArray(data) && data.length === 0)) return 'not set';
  return typeof data === 'object' ? `\`${Object.values(data).join(':')}\`` : `\`${String(data)}\``;
}
