/**
 * The doctor as a program of its own: `node apps/worker/dist/doctor-main.js [--fix] [--json]`, with the settings of a
 * worker. It needs neither API nor worker to be alive.
 *
 * Exit codes: 0 all agree, 1 findings remain, 2 a part could not be looked at.
 */
import { parseArgs } from 'node:util';
import { createAgentGateway } from '@durastack/activities/agent-gateway';
import { examineAll, type DoctorDependencies } from '@durastack/activities/doctor/diagnose';
import { treat } from '@durastack/activities/doctor/treat';
import { asDurastackError, DurastackError } from '@durastack/contracts/errors';
import { createAgentClient } from '@durastack/kit/agent-client/agent-client';
import { loadConfig } from '@durastack/kit/config/load-config';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { issueControlPlaneCertificate } from '@durastack/kit/tls/certificate-authority';
import { connectDatabase } from '@durastack/store/database/data-source';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { Client, Connection } from '@temporalio/client';
import { workerConfig } from './config.js';
import { EXIT, exitCodeOf, renderJson, renderText, type DoctorReport } from './doctor-report.js';
import { temporalTls } from './temporal-tls.js';

async function report(dependencies: DoctorDependencies, fix: boolean): Promise<DoctorReport> {
  const diagnosis = await examineAll(dependencies);
  if (!fix) return { checkedAt: new Date(), diagnosis };
  const treated = await treat(dependencies, diagnosis.findings);
  const before = new Map(diagnosis.findings.map((found) => [found.id, found]));
  const after = treated.length > 0 ? await examineAll(dependencies) : diagnosis;
  return { checkedAt: new Date(), diagnosis: after, treated, before };
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { fix: { type: 'boolean' }, json: { type: 'boolean' } } });
  const config = loadConfig(workerConfig, process.env);
  const source = await connectDatabase({ url: config.databaseUrl, poolSize: 8 }).catch((cause: unknown) => {
    const reason = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new DurastackError('BACKEND_BUSY', `the database does not answer${reason}.`, { cause });
  });
  const box = openSecretBox(config.dataKeyFile);
  const authority = await loadCertificateAuthority(source, box);
  const identity = await issueControlPlaneCertificate(authority);
  const client = createAgentClient({ caPem: authority.certificatePem, ...identity });
  const agents = createAgentGateway(source, client, (error) =>
    process.stderr.write(`doctor: that a step waits could not be written: ${String(error)}\n`),
  );
  // Lazy: when it does not answer, that is one finding among others.
  const connection = Connection.lazy({ address: config.temporalAddress, ...temporalTls(config) });
  const temporal = new Client({ connection, namespace: config.temporalNamespace });
  const result = await report({ source, agents, temporal }, values.fix === true);
  process.stdout.write(values.json ? renderJson(result) : renderText(result));
  return exitCodeOf(result.diagnosis);
}

try {
  process.exitCode = await main();
} catch (error) {
  const { code, message } = asDurastackError(error);
  process.stderr.write(
    `doctor: could not check: ${code === 'BUG' && error instanceof Error ? error.stack : message}\n`,
  );
  process.exitCode = EXIT.unchecked;
}
process.stdout.write('', () => process.exit());
