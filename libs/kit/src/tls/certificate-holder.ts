/** Who a certificate belongs to. Needs nothing but Node, so that every process can afford it. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { hostIdOfCertificate } from '@durastack/contracts/agent/wire';
import { DurastackError } from '@durastack/contracts/errors';

const INCARNATION = /^urn:durastack:incarnation:(\d{1,15})$/;

/** The name in a host's certificate that carries its incarnation. */
export function incarnationUri(incarnation: number): string {
  return `urn:durastack:incarnation:${incarnation}`;
}

/** What a certificate of ours says. */
export interface CertificateHolder {
  /** The one DNS name. */
  readonly name: string;
  /** Set when it is a host's. */
  readonly hostId?: string;
  readonly incarnation?: number;
  /** Hexadecimal, lower case. */
  readonly serial: string;
  readonly notAfter: Date;
  /** SHA-256 of the certificate, lower-case hexadecimal without colons. */
  readonly fingerprint: string;
}

/** Reads a certificate of ours; says nothing about who signed it. INVALID_INPUT when it is not one. */
export function readCertificate(pem: string): CertificateHolder {
  return holderOf(parse(pem));
}

/**
 * The holder of the certificate at the other end of a connection.
 *
 * Undefined unless that certificate was verified against the authority in this very handshake: resumed sessions
 * do not count. The caller still has to compare the name.
 */
export function verifiedPeer(socket: TLSSocket): CertificateHolder | undefined {
  if (!socket.authorized || socket.isSessionReused()) return undefined;
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? undefined : holderOf(certificate);
}

/**
 * Checks that a certificate was signed by the authority, is valid now and belongs to the private key.
 *
 * @throws DurastackError INVALID_INPUT naming what does not hold
 */
export function checkCertificate(
  certificatePem: string,
  expected: { caPem: string; privateKeyPem?: string; now?: Date },
): CertificateHolder {
  const certificate = parse(certificatePem);
  const holder = holderOf(certificate);
  const authority = parse(expected.caPem);
  const now = expected.now ?? new Date();
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    throw new DurastackError('INVALID_INPUT', `The certificate of ${holder.name} was not signed by this authority.`);
  }
  if (now > holder.notAfter || now < new Date(certificate.validFrom)) {
    const period = `${certificate.validFrom} to ${certificate.validTo}`;
    throw new DurastackError('INVALID_INPUT', `The certificate of ${holder.name} is valid only from ${period}.`);
  }
  const { privateKeyPem } = expected;
  if (privateKeyPem !== undefined && !certificate.checkPrivateKey(createPrivateKey(privateKeyPem))) {
    throw new DurastackError('INVALID_INPUT', `The certificate of ${holder.name} belongs to another private key.`);
  }
  return holder;
}

/** SHA-256 of a certificate as lower-case hexadecimal without colons. */
export function certificateFingerprint(pem: string): string {
  return plainHex(parse(pem).fingerprint256);
}

/** Brings a fingerprint as people write it (colons, capitals, spaces) to the plain form. */
export function plainHex(fingerprint: string): string {
  return fingerprint.replaceAll(/[\s:]/g, '').toLowerCase();
}

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new DurastackError('INVALID_INPUT', 'This is not a PEM certificate.', { cause: error });
  }
}

function holderOf(certificate: X509Certificate): CertificateHolder {
  const names = (certificate.subjectAltName ?? '').split(', ');
  const dns = names.filter((name) => name.startsWith('DNS:')).map((name) => name.slice(4));
  const [name] = dns;
  if (name === undefined || dns.length !== 1) {
    throw new DurastackError('INVALID_INPUT', `A certificate with ${dns.length} DNS names is not one of ours.`);
  }
  const uri = names.find((candidate) => candidate.startsWith('URI:'))?.slice(4);
  const incarnation = uri === undefined ? undefined : INCARNATION.exec(uri)?.[1];
  const hostId = hostIdOfCertificate(name);
  return {
    name,
    ...(hostId === undefined ? {} : { hostId }),
    ...(incarnation === undefined ? {} : { incarnation: Number(incarnation) }),
    serial: certificate.serialNumber.toLowerCase(),
    notAfter: new Date(certificate.validTo),
    fingerprint: plainHex(certificate.fingerprint256),
  };
}
