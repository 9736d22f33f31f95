import { describe, expect, it } from 'vitest';
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
});
