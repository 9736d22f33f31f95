/**
 * The product's own public-key infrastructure: one authority per control plane, P-256 throughout.
 *
 * Everything is a function over PEM texts; nothing is kept. Names in a certificate are set here and never taken
 * from a certificate request: a request contributes its public key and the proof of holding the private one.
 */
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { CONTROL_PLANE_NAME, hostCertificateName } from '@durastack/contracts/agent/wire';
import { DurastackError } from '@durastack/contracts/errors';
import * as x509 from '@peculiar/x509';
import { incarnationUri } from './certificate-holder.js';

x509.cryptoProvider.set(webcrypto as never);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** Clocks of hosts may be behind by this much. */
const BACKDATE_MS = 10 * 60_000;

/** A certificate and the private key that belongs to it (PKCS#8), both PEM. */
export interface KeyAndCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** How long a certificate is valid, from `now`. */
export interface Validity {
  /** Default: 10 years for an authority, 1 year otherwise. */
  readonly days?: number;
  /** Default: the clock. */
  readonly now?: Date;
}

/**
 * Makes a certificate authority.
 *
 * @param name shown in certificates, e.g. the instance's name
 */
export async function createAuthority(name: string, validity: Validity = {}): Promise<KeyAndCertificate> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [`Durastack authority ${name}`] }],
    ...period({ days: 3650, ...validity }),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pemPair(certificate, keys);
}

/** Makes a key and a certificate for the control plane (API and worker), server and client in one. */
export async function issueControlPlaneCertificate(
  authority: KeyAndCertificate,
  validity: Validity = {},
): Promise<KeyAndCertificate> {
  const keys = await generateKeys();
  const names = [{ type: 'dns' as const, value: CONTROL_PLANE_NAME }];
  const certificate = await issue(authority, keys.publicKey, { serial: newSerial(), names, validity });
  return pemPair(certificate, keys);
}

/** What the control plane decides about a host's certificate. */
export interface HostCertificateFacts extends Validity {
  readonly hostId: string;
  /** Rises with every enrolment; certificates of earlier ones are thereby revoked. */
  readonly incarnation: number;
  /** Hexadecimal serial number, kept by the caller; see {@link newSerial}. */
  readonly serial: string;
}

/**
 * Signs a host's certificate request.
 *
 * @throws DurastackError INVALID_INPUT when the request is malformed, not signed by its own key, or not P-256
 */
export async function signHostCsr(
  authority: KeyAndCertificate,
  csrPem: string,
  facts: HostCertificateFacts,
): Promise<string> {
  const request = await checkedRequest(csrPem);
  const publicKey = await request.publicKey.export();
  const names = [
    { type: 'dns' as const, value: hostCertificateName(facts.hostId) },
    { type: 'url' as const, value: incarnationUri(facts.incarnation) },
  ];
  const certificate = await issue(authority, publicKey, { serial: facts.serial, names, validity: facts });
  return certificate.toString('pem');
}

/** Makes a private key and a request for it. The name is a courtesy to readers; the signer does not use it. */
export async function createHostCsr(hostId: string): Promise<{ csrPem: string; privateKeyPem: string }> {
  const keys = await generateKeys();
  return { csrPem: await csrFor(hostId, keys), privateKeyPem: await privatePem(keys.privateKey) };
}

/** A request for a key that exists already: repeating an enrolment must not change the key. */
export async function recreateHostCsr(hostId: string, privateKeyPem: string): Promise<string> {
  const der = x509.PemConverter.decodeFirst(privateKeyPem);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
  const jwk = await webcrypto.subtle.exportKey('jwk', privateKey);
  const publicJwk = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y };
  const publicKey = await webcrypto.subtle.importKey('jwk', publicJwk, ALGORITHM, true, ['verify']);
  return csrFor(hostId, { privateKey, publicKey });
}

/** A certificate under which an agent is enrolled; its fingerprint is what the caller pins. */
export async function createEnrolmentCertificate(name: string, validity: Validity = {}): Promise<KeyAndCertificate> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ CN: [name] }],
    ...period({ days: 3650, ...validity }),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
    ],
  });
  return pemPair(certificate, keys);
}

/** A fresh serial number: 16 random bytes in hexadecimal, positive as X.509 wants it. */
export function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function checkedRequest(csrPem: string): Promise<x509.Pkcs10CertificateRequest> {
  let request: x509.Pkcs10CertificateRequest;
  let valid: boolean;
  try {
    request = new x509.Pkcs10CertificateRequest(csrPem);
    valid = await request.verify();
  } catch (error) {
    throw new DurastackError('INVALID_INPUT', 'The certificate request is malformed; make a new one on the host.', {
      cause: error,
    });
  }
  if (!valid) {
    throw new DurastackError('INVALID_INPUT', 'The certificate request is not signed by the key it carries.');
  }
  const algorithm = request.publicKey.algorithm as { name: string; namedCurve?: string };
  if (algorithm.name !== 'ECDSA' || algorithm.namedCurve !== 'P-256') {
    const given = algorithm.namedCurve ?? algorithm.name;
    throw new DurastackError('INVALID_INPUT', `The certificate request has a ${given} key; P-256 is expected.`);
  }
  return request;
}

async function issue(
  authority: KeyAndCertificate,
  publicKey: webcrypto.CryptoKey,
  order: { serial: string; names: { type: 'dns' | 'url'; value: string }[]; validity: Validity },
): Promise<x509.X509Certificate> {
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const der = x509.PemConverter.decodeFirst(authority.privateKeyPem);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
  return x509.X509CertificateGenerator.create({
    serialNumber: order.serial,
    issuer: issuer.subjectName,
    subject: [{ CN: [order.names[0]?.value ?? ''] }],
    ...period(order.validity),
    publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension(order.names),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
}

async function csrFor(hostId: string, keys: webcrypto.CryptoKeyPair): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [hostCertificateName(hostId)] }],
    keys,
    signingAlgorithm: ALGORITHM,
  });
  return request.toString('pem');
}

function period(validity: Validity): { notBefore: Date; notAfter: Date } {
  const now = (validity.now ?? new Date()).getTime();
  return { notBefore: new Date(now - BACKDATE_MS), notAfter: new Date(now + (validity.days ?? 365) * DAY_MS) };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function pemPair(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): Promise<KeyAndCertificate> {
  return { certificatePem: certificate.toString('pem'), privateKeyPem: await privatePem(keys.privateKey) };
}
