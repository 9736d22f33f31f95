/**
 * The part of Redfish (DSP0266) by which hosts are switched: service root, sessions, one system and its reset action.
 * Basic authentication or a session's token; errors in Redfish's form.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { BmcSettings } from './bmc-settings.js';
import { RESET_TYPES, type Machine } from './machine.js';

const SYSTEM = '/redfish/v1/Systems/1';
const RESET = `${SYSTEM}/Actions/ComputerSystem.Reset`;
const SESSIONS = '/redfish/v1/SessionService/Sessions';
const ACCOUNTS = '/redfish/v1/AccountService/Accounts';
const ACCOUNT = `${ACCOUNTS}/1`;
const MAX_BODY_BYTES = 64 * 1024;

const login = z.object({ UserName: z.string(), Password: z.string() });
const resetBody = z.object({ ResetType: z.enum(RESET_TYPES) });
const accountPatch = z.object({ Password: z.string().min(8).max(64) });

interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers the requests of one controller. */
export class RedfishService {
  private readonly tokens = new Map<string, string>();
  private password: string;

  /** @param keepPassword is told of a changed one */
  constructor(
    private readonly settings: Pick<BmcSettings, 'username' | 'password' | 'uuid'>,
    private readonly machine: Pick<Machine, 'power' | 'reset'>,
    private readonly keepPassword: (password: string) => void,
  ) {
    this.password = settings.password;
  }

  /** Handles one request. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, headers } = await this.answer(request).catch((error: unknown) =>
      failure(400, 'Base.1.0.MalformedJSON', error instanceof Error ? error.message : String(error)),
    );
    response.writeHead(status, { 'content-type': 'application/json', 'odata-version': '4.0', ...headers });
    response.end(body === undefined ? '' : JSON.stringify(body));
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const path = (request.url ?? '/').replace(/\?.*$/, '').replace(/(?<=.)\/$/, '');
    const route = `${request.method ?? 'GET'} ${path}`;
    if (route === 'GET /redfish') return { status: 200, body: { v1: '/redfish/v1/' } };
    if (route === 'GET /redfish/v1') return { status: 200, body: ROOT };
    if (route === `POST ${SESSIONS}`) return this.openSession(await readJson(request));
    if (!this.isAuthenticated(request)) {
      const refused = failure(401, 'Base.1.0.InsufficientPrivilege', 'Log in as the user of this controller.');
      return { ...refused, headers: { 'www-authenticate': 'Basic realm="Redfish"' } };
    }
    if (route === 'GET /redfish/v1/Systems') return { status: 200, body: collection('Systems', [SYSTEM]) };
    if (route === `GET ${SYSTEM}`) return { status: 200, body: this.system() };
    if (route === `POST ${RESET}`) return this.reset(await readJson(request));
    if (route === 'GET /redfish/v1/AccountService') return { status: 200, body: ACCOUNT_SERVICE };
    if (route === `GET ${ACCOUNTS}`) return { status: 200, body: collection('AccountService/Accounts', [ACCOUNT]) };
    if (route === `GET ${ACCOUNT}`) return { status: 200, body: this.account() };
    if (route === `PATCH ${ACCOUNT}`) return this.changePassword(await readJson(request));
    if (request.method === 'DELETE' && path.startsWith(`${SESSIONS}/`)) return this.closeSession(path);
    return failure(404, 'Base.1.0.ResourceMissingAtURI', `There is no ${route}.`);
  }

  private system(): object {
    return {
      '@odata.id': SYSTEM,
      '@odata.type': '#ComputerSystem.v1_10_0.ComputerSystem',
      Id: '1',
      Name: 'System',
      UUID: this.settings.uuid,
      SystemType: 'Physical',
      PowerState: this.machine.power,
      Actions: {
        '#ComputerSystem.Reset': { target: RESET, 'ResetType@Redfish.AllowableValues': RESET_TYPES },
      },
    };
  }

  private account(): object {
    const { username } = this.settings;
    return { '@odata.id': ACCOUNT, Id: '1', Name: 'Account', UserName: username, RoleId: 'Administrator' };
  }

  private changePassword(body: unknown): Answer {
    const parsed = accountPatch.safeParse(body);
    if (!parsed.success) return failure(400, 'Base.1.0.PropertyValueFormatError', 'Password has 8 to 64 characters.');
    this.keepPassword(parsed.data.Password);
    this.password = parsed.data.Password;
    return { status: 204 };
  }

  /** Cutting the power is done when the answer comes; what takes a while has begun. */
  private async reset(body: unknown): Promise<Answer> {
    const parsed = resetBody.safeParse(body);
    if (!parsed.success) {
      const known = `ResetType must be one of ${RESET_TYPES.join(', ')}.`;
      return failure(400, 'Base.1.0.ActionParameterNotSupported', known);
    }
    const { ResetType } = parsed.data;
    const done = this.machine.reset(ResetType);
    if (ResetType === 'ForceOff') await done;
    return { status: 204 };
  }

  private openSession(body: unknown): Answer {
    const { UserName, Password } = login.parse(body);
    if (!this.isUser(UserName, Password)) {
      return failure(401, 'Base.1.0.InsufficientPrivilege', 'Wrong user or password.');
    }
    const [id, token] = [randomBytes(8).toString('hex'), randomBytes(24).toString('hex')];
    this.tokens.set(id, token);
    const location = `${SESSIONS}/${id}`;
    const body_ = { '@odata.id': location, Id: id, Name: 'Session', UserName };
    return { status: 201, body: body_, headers: { location, 'x-auth-token': token } };
  }

  private closeSession(path: string): Answer {
    const closed = this.tokens.delete(path.slice(SESSIONS.length + 1));
    return closed ? { status: 204 } : failure(404, 'Base.1.0.ResourceMissingAtURI', 'There is no such session.');
  }

  private isAuthenticated({ headers }: IncomingMessage): boolean {
    const token = headers['x-auth-token'];
    if (typeof token === 'string') return [...this.tokens.values()].some((known) => same(known, token));
    const [, basic] = /^Basic (\S+)$/.exec(headers.authorization ?? '') ?? [];
    if (basic === undefined) return false;
    const [username = '', ...password] = Buffer.from(basic, 'base64').toString('utf8').split(':');
    return this.isUser(username, password.join(':'));
  }

  private isUser(username: string, password: string): boolean {
    return same(username, this.settings.username) && same(password, this.password);
  }
}

const ROOT = {
  '@odata.id': '/redfish/v1/',
  '@odata.type': '#ServiceRoot.v1_5_0.ServiceRoot',
  Id: 'RootService',
  Name: 'Root Service',
  RedfishVersion: '1.6.0',
  Systems: { '@odata.id': '/redfish/v1/Systems' },
  SessionService: { '@odata.id': '/redfish/v1/SessionService' },
  AccountService: { '@odata.id': '/redfish/v1/AccountService' },
  Links: { Sessions: { '@odata.id': SESSIONS } },
};

const ACCOUNT_SERVICE = {
  '@odata.id': '/redfish/v1/AccountService',
  Id: 'AccountService',
  Name: 'Accounts',
  Accounts: { '@odata.id': ACCOUNTS },
};

function collection(name: string, members: readonly string[]): object {
  return {
    '@odata.id': `/redfish/v1/${name}`,
    Name: `${name} Collection`,
    'Members@odata.count': members.length,
    Members: members.map((member) => ({ '@odata.id': member })),
  };
}

function failure(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > MAX_BODY_BYTES) request.destroy();
  }
  return JSON.parse(text);
}
