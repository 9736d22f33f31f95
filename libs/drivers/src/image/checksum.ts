/** Checksums of images in CloudStack's spellings. */
import { DurastackError } from '@durastack/contracts/errors';

/** A checksum to compare with. */
export interface ExpectedChecksum {
  /** As `node:crypto` calls it. */
  readonly algorithm: 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  /** Lower case. */
  readonly hex: string;
}

const HEX_DIGITS = { md5: 32, sha1: 40, sha224: 56, sha256: 64, sha384: 96, sha512: 128 } as const;

/**
 * Reads `{SHA-256}hex` or bare hex, whose length tells the algorithm.
 *
 * @throws DurastackError `INVALID_INPUT` for anything else
 */
export function parseChecksum(text: string): ExpectedChecksum {
  const match = /^(?:\{([A-Za-z0-9-]+)\})?([0-9A-Fa-f]+)$/.exec(text.trim());
  const named = match?.[1]?.toLowerCase().replace('-', '');
  const hex = match?.[2]?.toLowerCase() ?? '';
  for (const [algorithm, digits] of Object.entries(HEX_DIGITS)) {
    if (hex.length === digits && (named === undefined || named === algorithm)) {
      return { algorithm: algorithm as ExpectedChecksum['algorithm'], hex };
    }
  }
  throw new DurastackError(
    'INVALID_INPUT',
    `"${text.slice(0, 160)}" is no checksum; write {SHA-256} and 64 hexadecimal digits (or MD5, SHA-1, SHA-512).`,
  );
}
