import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { createServer, connect, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { CONTROL_PLANE_NAME, hostCertificateName } from '@durastack/contracts/agent/wire';
import * as x509 from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createAuthority,
  createEnrolmentCertificate,
  createHostCsr,
  issueControlPlaneCertificate,
  newSerial,
  recreateHostCsr,
  signHostCsr,
  type KeyAndCertificate,
} from './certificate-authority.js';
import {
  certificateFingerprint,
  checkCertificate,
  plainHex,
  readCertificate,
  verifiedPeer,
  type CertificateHolder,
} from './certificate-holder.js';

const HOST = '6f1b0a52-33d2-4f7c-8a51-0d2f6f7a9c01';
let authority: KeyAndCertificate;

beforeAll(async () => {
  authority = await createAuthority('test');
});

/** What a mutual-TLS server with this authority learns of a client. */
async function seenByServer(
  server: KeyAndCertificate,
  client: KeyAndCertificate,
): Promise<CertificateHolder | undefined> {
  const listener = createServer({
    key: server.privateKeyPem,
    cert: server.certificatePem,
    ca: authority.certificatePem,
    requestCert: true,
    rejectUnauthorized: false,
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const seen = once(listener, 'secureConnection') as Promise<[TLSSocket]>;
  const socket = connect({
    port: (listener.address() as AddressInfo).port,
    host: '127.0.0.1',
    key: client.privateKeyPem,
    cert: client.certificatePem,
    ca: authority.certificatePem,
    servername: readCertificate(server.certificatePem).name,
  });
  socket.on('error', () => undefined);
  const [peer] = await seen;
  const holder = verifiedPeer(peer);
  socket.destroy();
  peer.destroy();
  listener.close();
  return holder;
}

describe('certificate authority', () => {
  it("signs a host's request with names of its own choosing", async () => {
    const request = await createHostCsr('00000000-0000-4000-8000-00000000dead');
    const serial = newSerial();
    const certificatePem = await signHostCsr(authority, request.csrPem, { hostId: HOST, incarnation: 7, serial });
    expect(readCertificate(certificatePem)).toMatchObject({
      name: hostCertificateName(HOST),
      hostId: HOST,
      incarnation: 7,
      serial,
    });
    const { privateKeyPem } = request;
    expect(checkCertificate(certificatePem, { caPem: authority.certificatePem, privateKeyPem }).hostId).toBe(HOST);
    const host = { certificatePem, privateKeyPem };
    const controlPlane = await issueControlPlaneCertificate(authority);
    expect((await seenByServer(host, controlPlane))?.name).toBe(CONTROL_PLANE_NAME);
    expect((await seenByServer(controlPlane, host))?.hostId).toBe(HOST);
  });

  it('makes the same request again for a key that exists', async () => {
    const request = await createHostCsr(HOST);
    const again = await recreateHostCsr(HOST, request.privateKeyPem);
    const keyOf = (pem: string) =>
      Buffer.from(new x509.Pkcs10CertificateRequest(pem).publicKey.rawData).toString('hex');
    expect(keyOf(again)).toBe(keyOf(request.csrPem));
  });

  it('refuses a request that its key did not sign, another kind of key, and rubbish', async () => {
    const facts = { hostId: HOST, incarnation: 1, serial: newSerial() };
    const der = Buffer.from(x509.PemConverter.decodeFirst((await createHostCsr(HOST)).csrPem));
    der[der.length - 20] = (der[der.length - 20] ?? 0) ^ 1;
    const forged = x509.PemConverter.encode(der, 'CERTIFICATE REQUEST');
    await expect(signHostCsr(authority, forged, facts)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const algorithm = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
    const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
    const other = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=x',
      keys,
      signingAlgorithm: algorithm,
    });
    await expect(signHostCsr(authority, other.toString('pem'), facts)).rejects.toThrow(/P-384 key; P-256/);
    await expect(signHostCsr(authority, 'rubbish', facts)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('finds expiry, a foreign authority and a foreign key', async () => {
    const request = await createHostCsr(HOST);
    const facts = { hostId: HOST, incarnation: 1, serial: newSerial() };
    const pem = await signHostCsr(authority, request.csrPem, { ...facts, days: 1 });
    const caPem = authority.certificatePem;
    const later = new Date(Date.now() + 2 * 86_400_000);
    expect(() => checkCertificate(pem, { caPem, now: later })).toThrow(/valid only from/);
    const stranger = await createAuthority('stranger');
    expect(() => checkCertificate(pem, { caPem: stranger.certificatePem })).toThrow(/not signed by this authority/);
    const { privateKeyPem } = await createHostCsr(HOST);
    expect(() => checkCertificate(pem, { caPem, privateKeyPem })).toThrow(/another private key/);
  });

  it('is not fooled in a handshake by an expired, foreign or self-signed client', async () => {
    const server = await issueControlPlaneCertificate(authority);
    const expired = await issueControlPlaneCertificate(authority, {
      days: 1,
      now: new Date(Date.now() - 5 * 86_400_000),
    });
    const foreign = await issueControlPlaneCertificate(await createAuthority('stranger'));
    const selfSigned = await createEnrolmentCertificate(CONTROL_PLANE_NAME);
    for (const client of [expired, foreign, selfSigned]) expect(await seenByServer(server, client)).toBeUndefined();
  });

  it('gives fingerprints that openssl would print', async () => {
    const { certificatePem } = await createEnrolmentCertificate('enrol');
    const thumbprint = await new x509.X509Certificate(certificatePem).getThumbprint('SHA-256');
    expect(certificateFingerprint(certificatePem)).toBe(Buffer.from(thumbprint).toString('hex'));
    expect(plainHex('AB:cd: 01')).toBe('abcd01');
  });
});
