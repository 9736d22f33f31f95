import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explainNetworkFailure } from './network-failure.js';

describe('explaining a failed download', () => {
  it.each([
    ['npm error code SELF_SIGNED_CERT_IN_CHAIN', /certificate/],
    ['SSLError(SSLCertVerificationError(1, CERTIFICATE_VERIFY_FAILED', /certificate/],
    ['E: Failed to fetch http://x  Temporary failure resolving x', /no network/],
    ['npm error code EAI_AGAIN', /no network/],
    ['npm error code ENOSPC', /disk is full/],
    ['E: Could not connect to x:80, connection timed out', /cannot be reached/],
  ])('%s', (said, sentence) => expect(explainNetworkFailure(said)).toMatch(sentence));

  it('says nothing about what it does not know', () => {
    expect(explainNetworkFailure('E: Unable to locate package foo')).toBeUndefined();
  });

  it('finds the cause of what fetch throws for an untrusted certificate and a closed port', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
    const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
    const subject = ['-subj', '/CN=localhost', '-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject], {
      stdio: 'ignore',
    });
    const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const untrusted: unknown = await fetch(`https://127.0.0.1:${port}/`).catch((error: unknown) => error);
    await new Promise((resolve) => server.close(resolve));
    const closed: unknown = await fetch(`https://127.0.0.1:${port}/`).catch((error: unknown) => error);
    rmSync(directory, { recursive: true });
    expect(explainNetworkFailure(untrusted)).toMatch(/certificate/);
    expect(explainNetworkFailure(closed)).toMatch(/cannot be reached/);
  });
});
