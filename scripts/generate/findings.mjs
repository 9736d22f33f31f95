import { FINDING_KINDS } from '@durastack/activities/doctor/finding-kinds';
import { table } from './modules.mjs';

/** Every kind of finding of the doctor. */
export function findingsPage() {
  const rows = Object.entries(FINDING_KINDS).map(([kind, { severity, likelyCause, fix, automatic }]) => [
    `\`${kind}\``,
    severity,
    likelyCause,
    automatic ? `**--fix:** ${fix}` : fix,
  ]);
  return `# Findings of the doctor

Every kind of disagreement between database, Temporal and hosts that \`dura doctor\` knows; see
[Watching](../operations.md#the-doctor). What bears **--fix** is mended by \`dura doctor --fix\`: under row locks, after
another look, and only where nothing has to be guessed. Everything else is for a person.

${table(['Kind', 'Severity', 'Likely cause', 'What mends it'], rows)}
`;
}
