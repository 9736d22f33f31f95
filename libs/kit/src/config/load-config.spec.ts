import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { listenAddress, loadConfig } from './load-config.js';

const schema = z.object({
  databaseUrl: z.url(),
  apiListen: listenAddress,
  intervalMs: z.coerce.number().int().default(5),
});

describe('loadConfig', () => {
  it('reads typed settings and defaults', () => {
    const config = loadConfig(schema, {
      DURASTACK_DATABASE_URL: 'mysql://u@h/d',
      DURASTACK_API_LISTEN: '127.0.0.1:80',
      PATH: '/',
    });
    expect(config).toEqual({ databaseUrl: 'mysql://u@h/d', apiListen: { host: '127.0.0.1', port: 80 }, intervalMs: 5 });
  });

  it('names every bad and unknown variable in one line', () => {
    const load = () => loadConfig(schema, { DURASTACK_API_LISTEN: 'nowhere', DURASTACK_DATABSE_URL: 'x' });
    expect(load).toThrowErrorMatchingInlineSnapshot(
      `[DurastackError: Settings refused: DURASTACK_DATABSE_URL is not a setting of this program; DURASTACK_DATABASE_URL is not set; DURASTACK_API_LISTEN is malformed: expected host:port. See docs/operations.md.]`,
    );
  });

  describe('with a file', () => {
    const directory = mkdtempSync(join(tmpdir(), 'durastack-config-'));
    afterAll(() => rmSync(directory, { recursive: true }));
    const load = (text: string, env: NodeJS.ProcessEnv = {}) => {
      const path = join(directory, 'settings.yaml');
      writeFileSync(path, text);
      return loadConfig(schema, { DURASTACK_CONFIG_FILE: path, ...env });
    };

    it('reads YAML and JSON; the environment counts more', () => {
      const expected = { databaseUrl: 'mysql://u@h/d', apiListen: { host: '::1', port: 80 }, intervalMs: 7 };
      expect(load("databaseUrl: mysql://u@h/d\napiListen: '[::1]:80'\nintervalMs: 7\n")).toEqual(expected);
      const json = JSON.stringify({ databaseUrl: 'mysql://other/d', apiListen: '[::1]:80', intervalMs: 7 });
      expect(load(json, { DURASTACK_DATABASE_URL: 'mysql://u@h/d' })).toEqual(expected);
    });

    it.each([
      ['databseUrl: x', /databseUrl in .* is not a setting of this program/],
      ['intervalMs: often', /DURASTACK_INTERVAL_MS \(intervalMs in the file\) is malformed/],
      ['databaseUrl: [a, b]', /databaseUrl in .* is not a plain value/],
      ['- a list', /holds no settings/],
      ['a: b: c', /cannot be read as YAML or JSON/],
    ])('refuses %j', (text, message) => {
      expect(() => load(text)).toThrow(message);
    });

    it('refuses a file that is not there', () => {
      expect(() => loadConfig(schema, { DURASTACK_CONFIG_FILE: '/nowhere/settings.yaml' })).toThrow(/cannot be read/);
    });
  });
});
