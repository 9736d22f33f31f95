/** Enrolment by standard input and output, for a control plane that is on the host by SSH already. */
import { parseArgs } from 'node:util';
import { agentEnrolment } from '@durastack/contracts/agent/enrolment';
import { DurastackError } from '@durastack/contracts/errors';
import { z } from 'zod';
import { ledgerPathOf } from '../host/single-host.js';
import { parse } from '../host/verb-dispatch.js';
import { IdentityStore } from '../identity/identity-store.js';
import { openLedgerFile } from '../ledger/ledger.js';

/** `csr --host-id ID`: makes the key, if there is none that waits, and gives the request for it as PEM. */
export async function csrCommand(directory: string, args: readonly string[]): Promise<string> {
  const { values } = parseArgs({ args: [...args], options: { 'host-id': { type: 'string' } } });
  const hostId = z.uuid().safeParse(values['host-id']);
  if (!hostId.success) throw new DurastackError('INVALID_INPUT', 'csr needs --host-id with a UUID.');
  return new IdentityStore(directory).csrFor(hostId.data);
}

/** `install-certificate`: takes the enrolment as JSON; the agent is to be started afterwards. */
export async function installCertificateCommand(directory: string, input: string): Promise<void> {
  const enrolment = parse(agentEnrolment, parseJson(input), 'install-certificate');
  const store = new IdentityStore(directory);
  const identity = store.check(enrolment);
  const ledgerFile = await openLedgerFile(ledgerPathOf(directory, identity.caPem), true);
  await ledgerFile.close();
  store.save(identity);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DurastackError('INVALID_INPUT', 'Standard input is not JSON.', { cause: error });
  }
}
