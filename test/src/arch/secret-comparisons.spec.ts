/** Secrets are compared in constant time: by `timingSafeEqual`, as hashes in the database, or by the password hash. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHECKOUT } from './scratch-tree.js';

const FOLDERS = ['apps/api/src', 'apps/host-agent/src', 'apps/worker/src', 'libs', 'activities/src'];

/** Where what a caller shows is compared with what is known. */
const VERIFIERS = [
  'libs/kit/src/cloudstack/signature.ts',
  'apps/api/src/identity/sessions.ts',
  'apps/api/src/rest/rest-credentials.ts',
  'apps/host-agent/src/host/enrolment-token.ts',
  'apps/host-agent/src/migration/ticket-book.ts',
  'activities/src/infra/ssh/host-key.ts',
];

/** A secret on one side of a comparison, but for whether it is there and how long it is. */
const SECRET = String.raw`\b\w*(?:signature|secret|password|passphrase|sessionkey|token|digest|hmac|fingerprint|cookie)\w*`;
const NO_SECRET = String.raw`(?!\s*(?:undefined|null|true|false|'|\d))`;
const COMPARED = new RegExp(
  String.raw`${SECRET}(?:\[[^\]]*\])?\s*(?:===|!==)${NO_SECRET}|(?:===|!==)\s*(?:\w+\.)*${SECRET}(?![\w.(])`,
  'i',
);

/** Files in which one of these words means something that is no secret. */
const HARMLESS: Readonly<Record<string, string>> = {
  'apps/host-agent/src/guard/verb-guard.ts': 'the fingerprint of a call, by which its repetition is known',
  'apps/host-agent/src/tasks/task-runner.ts': 'the same',
  'libs/drivers/src/image/image-header.ts': 'the signature that a file format begins with',
  'libs/drivers/src/volume-copy/volume-receiver.ts': 'the cookie that numbers requests of NBD',
};

function sources(folder: string): string[] {
  return readdirSync(join(CHECKOUT, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => path.endsWith('.ts') && !/\.(spec|d)\.ts$|(^|\/)(dist|testing|node_modules)\//.test(path));
}

const comparisons = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => COMPARED.test(line) && !/^(\*|\/\/|\/\*)/.test(line));

describe('comparisons of secrets', () => {
  it('are nowhere made by ===, whose time tells how far two are the same', () => {
    const found = FOLDERS.flatMap(sources)
      .filter((path) => !(path in HARMLESS))
      .flatMap((path) => comparisons(readFileSync(join(CHECKOUT, path), 'utf8')).map((line) => `${path}: ${line}`));
    expect(found).toEqual([]);
  });

  it.each(VERIFIERS)('are made by timingSafeEqual in %s', (path) => {
    expect(readFileSync(join(CHECKOUT, path), 'utf8')).toMatch(/\btimingSafeEqual\(/);
  });

  it.each(['if (given === secret) {', 'return row.token !== params.token;', 'sessionKey === known'])(
    'would be found: %s',
    (line) => expect(comparisons(line)).toEqual([line]),
  );

  it.each(["if (token === '') {", 'secret !== undefined', 'password.length < 8'])('are none: %s', (line) =>
    expect(comparisons(line)).toEqual([]),
  );
});
