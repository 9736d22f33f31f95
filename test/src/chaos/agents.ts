import { createAgentClient, type AgentClient } from '@durastack/kit/agent-client/agent-client';
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { issueControlPlaneCertificate } from '@durastack/kit/tls/certificate-authority';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import type { DataSource } from 'typeorm';

/** A client of the agents of a cloud, with a certificate of its own from the cloud's authority. */
export async function connectAgents(source: DataSource, dataKeyFile: string): Promise<AgentClient> {
  const authority = await loadCertificateAuthority(source, openSecretBox(dataKeyFile));
  return createAgentClient({ caPem: authority.certificatePem, ...(await issueControlPlaneCertificate(authority)) });
}
