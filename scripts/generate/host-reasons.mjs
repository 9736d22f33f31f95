import { HOST_REASONS } from '@durastack/contracts/compute/placement';
import { table } from './modules.mjs';

/** The closed list of reasons why a host cannot take a machine. */
export function hostReasonsPage() {
  const rows = Object.entries(HOST_REASONS).map(([kind, meaning]) => [`\`${kind}\``, meaning]);
  return `# Why a host cannot take a machine

The closed list, in the order in which a host counts in the sentence of a failed deploy: a host that is in maintenance
and full counts as in maintenance. \`unsuitablereasons\` of \`findHostsForMigration\`, and \`error.placement\` of an
operation, name every reason that holds; see [Placement](../placement.md).

${table(['Kind', 'Meaning'], rows)}
`;
}
