/** A real API on a database of its own, for specs: calls go through the whole of it, without a socket. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invariant } from '@durastack/contracts/errors';
import { signRequest } from '@durastack/kit/cloudstack/signature';
import { createLogger } from '@durastack/kit/log/logger';
import { ensureAdminKeys, seed, type UserKeys } from '@durastack/store/seed';
import { createTestDatabase, type TestDatabase } from '@durastack/store/testing/test-database';
import { createApi, type Api } from '../boot.js';
import type { ConnectionLimits } from '../face/connection-limits.js';
import { apiSettings } from '../settings.js';

/** One answer, with the body below its one key. */
export interface Answer {
  readonly status: number;
  readonly envelope: string;
  // Replies are checked field by field; their shape is what the specs are about.
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A running API with what specs do to it. */
export interface TestApi {
  readonly api: Api;
  readonly db: TestDatabase;
  readonly admin: UserKeys;
  /** A signed CloudStack call; as the root administrator unless keys are given. */
  call(command: string, params?: Record<string, string>, keys?: UserKeys): Promise<Answer>;
  /** The same, which must succeed; gives the one object or list below the envelope. */
  ok<T = Record<string, unknown>>(command: string, params?: Record<string, string>, keys?: UserKeys): Promise<T>;
  /** Makes an account with one user and keys. */
  account(name: string, options?: { domainId?: string; accountType?: 0 | 1 | 2 }): Promise<TestAccount>;
  stop(): Promise<void>;
}

/** An account of a spec. */
export interface TestAccount {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly domainId: string;
  readonly keys: UserKeys;
}

/** Starts one. @param limits of connections, others than the API's own */
export async function startTestApi(limits?: ConnectionLimits): Promise<TestApi> {
  const folder = mkdtempSync(join(tmpdir(), 'durastack-api-'));
  const dataKeyFile = join(folder, 'key');
  writeFileSync(dataKeyFile, randomBytes(32).toString('base64'));
  const db = await createTestDatabase();
  await seed(db.source);
  const admin = await ensureAdminKeys(db.url, dataKeyFile);
  const settings = apiSettings.parse({
    databaseUrl: db.url,
    dataKeyFile,
    apiListen: '127.0.0.1:0',
    logLevel: 'silent',
  });
  const log = createLogger('api-test', 'silent');
  const api = await createApi(settings, log, { database: db.source, ...(limits ? { limits } : {}) });

  const call: TestApi['call'] = async (command, params = {}, keys = admin) => {
    const unsigned = { ...params, command, response: 'json', apiKey: keys.apiKey };
    const query = new URLSearchParams({ ...unsigned, signature: signRequest(unsigned, keys.secretKey) });
    const reply = await api.server.inject({ method: 'GET', url: `/client/api?${query.toString()}` });
    const [[envelope, body] = ['', {}]] = Object.entries(reply.json<Record<string, Record<string, unknown>>>());
    return { status: reply.statusCode, envelope, body, headers: reply.headers };
  };
  const ok = async <T>(command: string, params?: Record<string, string>, keys?: UserKeys): Promise<T> => {
    const { status, body } = await call(command, params, keys);
    invariant(status === 200, `${command} answered ${status}: ${String(body['errortext'])}`);
    const { count: _count, ...rest } = body;
    const values = Object.values(rest);
    return (values.length === 1 ? values[0] : rest) as T;
  };
  const account: TestApi['account'] = async (name, options = {}) => {
    const made = await ok<{ id: string; domainid: string; user: { id: string }[] }>('createAccount', {
      username: name,
      password: 'secret-of-the-spec',
      firstname: name,
      lastname: 'Spec',
      email: `${name}@example.org`,
      accounttype: String(options.accountType ?? 0),
      ...(options.domainId === undefined ? {} : { domainid: options.domainId }),
    });
    const userId = made.user[0]?.id ?? '';
    const pair = await ok<{ apikey: string; secretkey: string }>('registerUserKeys', { id: userId });
    return {
      id: made.id,
      userId,
      name,
      domainId: made.domainid,
      keys: { apiKey: pair.apikey, secretKey: pair.secretkey },
    };
  };
  return {
    api,
    db,
    admin,
    call,
    ok,
    account,
    stop: async () => {
      await api.close();
      await db.drop();
      rmSync(folder, { recursive: true });
    },
  };
}
