/**
 * Management controllers by Redfish (DSP0266) over HTTPS: the one system of a service, its power and its reset action.
 * No byte is sent before the certificate is known to be the controller's.
 */
import type {
  ControllerLogin,
  ControllerPower,
  PowerChange,
  PowerControllers,
} from '@durastack/contracts/infra/power-controller';
import { asDurastackError, DurastackError, isDurastackError } from '@durastack/contracts/errors';
import type { TLSSocket } from 'node:tls';
import { buildConnector, Client } from 'undici';
import { z } from 'zod';

/** For a whole conversation. */
const WITHIN_MS = 20_000;
const CONNECT_MS = 5_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

/** Names of the reset action's types, the first that the controller knows. */
const RESETS: Readonly<Record<PowerChange, readonly string[]>> = {
  ON: ['On', 'ForceOn'],
  OFF: ['ForceOff'],
  CYCLE: ['PowerCycle', 'ForceRestart'],
  RESET: ['ForceRestart'],
  SOFT: ['GracefulShutdown'],
};

const link = z.object({ '@odata.id': z.string().startsWith('/') });
const collection = z.object({ Members: z.array(link) });
const serviceRoot = z.object({ Systems: link, AccountService: link.optional() });
const computerSystem = z.object({
  PowerState: z.string().nullish(),
  Actions: z.object({
    '#ComputerSystem.Reset': z.object({
      target: z.string().startsWith('/'),
      'ResetType@Redfish.AllowableValues': z.array(z.string()).optional(),
    }),
  }),
});
const accountService = z.object({ Accounts: link });
const account = z.object({ UserName: z.string() });
const fault = z.object({ error: z.object({ message: z.string().optional() }) });

/** The power that the system has. */
function readPower(login: ControllerLogin): Promise<ControllerPower> {
  return withService(login, async (service) => {
    const { PowerState } = await service.get(await systemOf(service), computerSystem);
    if (PowerState === 'Off') return 'Off';
    return PowerState === 'On' || PowerState === 'Paused' ? 'On' : 'Unknown';
  });
}

/** Asks for a change of it. */
function changePower(login: ControllerLogin, change: PowerChange): Promise<void> {
  return withService(login, async (service) => {
    const { Actions } = await service.get(await systemOf(service), computerSystem);
    const { target, 'ResetType@Redfish.AllowableValues': known } = Actions['#ComputerSystem.Reset'];
    const ResetType = RESETS[change].find((name) => known === undefined || known.includes(name));
    if (ResetType === undefined)
      throw new DurastackError(
        'STEP_REFUSED',
        `${service.name} knows no ${RESETS[change].join(' or ')}, only ${known?.join(', ')}.`,
      );
    await service.send('POST', target, { ResetType });
  });
}

/** Gives the user another password. */
function changePassword(login: ControllerLogin, password: string): Promise<void> {
  return withService(login, async (service) => {
    const { AccountService } = await service.get('/redfish/v1/', serviceRoot);
    if (AccountService === undefined)
      throw new DurastackError('STEP_REFUSED', `${service.name} has no account service; change the password there.`);
    const { Accounts } = await service.get(AccountService['@odata.id'], accountService);
    for (const { '@odata.id': path } of (await service.get(Accounts['@odata.id'], collection)).Members) {
      const { UserName } = await service.get(path, account);
      if (UserName === login.username) return service.send('PATCH', path, { Password: password });
    }
    throw new DurastackError('STEP_REFUSED', `${service.name} lists no account ${login.username}.`);
  });
}

async function systemOf(service: Service): Promise<string> {
  const { Systems } = await service.get('/redfish/v1/', serviceRoot);
  const { Members } = await service.get(Systems['@odata.id'], collection);
  const [system, ...others] = Members;
  if (system !== undefined && others.length === 0) return system['@odata.id'];
  // A chassis of blades: which of them is meant nobody can tell.
  throw new DurastackError('STEP_REFUSED', `${service.name} has ${Members.length} systems; it must have one.`);
}

async function withService<T>(login: ControllerLogin, body: (service: Service) => Promise<T>): Promise<T> {
  const service = new Service(login);
  try {
    return await body(service);
  } finally {
    await service.close();
  }
}

class Service {
  readonly name: string;
  private readonly client: Client;
  private readonly authorization: string;
  private readonly signal = AbortSignal.timeout(WITHIN_MS);

  constructor(private readonly login: ControllerLogin) {
    const { address, port, username, password } = login;
    const origin = `https://${address.includes(':') ? `[${address}]` : address}:${port}`;
    this.name = `The Redfish controller ${origin}`;
    this.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    this.client = new Client(origin, { connect: connectorTo(login, this.name), maxResponseSize: MAX_ANSWER_BYTES });
  }

  async get<S extends z.ZodType>(path: string, shape: S): Promise<z.infer<S>> {
    const parsed = shape.safeParse(parse(await this.request('GET', path)));
    if (parsed.success) return parsed.data;
    throw new DurastackError('STEP_REFUSED', `${this.name} answers ${path} in another way than Redfish says.`);
  }

  async send(method: 'POST' | 'PATCH', path: string, body: object): Promise<void> {
    await this.request(method, path, body);
  }

  close(): Promise<void> {
    return this.client.destroy();
  }

  private async request(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<string> {
    const { signal } = this;
    const headers = { authorization: this.authorization, accept: 'application/json' };
    try {
      const response = await this.client.request({
        path,
        method,
        signal,
        ...(body === undefined
          ? { headers }
          : { body: JSON.stringify(body), headers: { ...headers, 'content-type': 'application/json' } }),
      });
      return this.judge(response.statusCode, await response.body.text(), path);
    } catch (error) {
      if (isDurastackError(error)) throw error;
      const late = signal.aborted ? ` in ${WITHIN_MS / 1000} s` : '';
      throw asDurastackError(
        error,
        'HOST_UNREACHABLE',
        `${this.name} does not answer${late}; check address, port and network.`,
      );
    }
  }

  private judge(status: number, text: string, path: string): string {
    if (status >= 200 && status < 300) return text;
    if (status === 401 || status === 403)
      throw new DurastackError('FORBIDDEN', `${this.name} refuses the user ${this.login.username} or its password.`);
    const said = fault.safeParse(parse(text));
    const why = said.success ? `: ${said.data.error.message?.slice(0, 300) ?? ''}` : '';
    if (status >= 500)
      throw new DurastackError('HOST_UNREACHABLE', `${this.name} answers ${path} with ${status}${why}`);
    throw new DurastackError('STEP_REFUSED', `${this.name} answers ${path} with ${status}${why}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** By fingerprint where one is given, which is then the whole proof; else an authority of this machine must know it. */
function connectorTo({ fingerprint, address }: ControllerLogin, name: string): buildConnector.connector {
  const connect = buildConnector({ rejectUnauthorized: false, timeout: CONNECT_MS, maxCachedSessions: 0 });
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      const tls = socket as TLSSocket;
      const seen = plainHex(tls.getPeerCertificate().fingerprint256 ?? '');
      const isKnown = fingerprint === undefined ? tls.authorized : seen === plainHex(fingerprint);
      if (isKnown) return callback(null, socket);
      socket.destroy();
      const wanted =
        fingerprint === undefined
          ? `no authority that this machine knows has signed it for ${address} (${String(tls.authorizationError)})`
          : `expected ${plainHex(fingerprint)}`;
      const text = `${name} shows a certificate with the SHA-256 fingerprint ${seen}; ${wanted}. Compare it at the controller and give it as fingerprint.`;
      callback(new DurastackError('FORBIDDEN', text), null);
    });
  };
}

function plainHex(text: string): string {
  return text.replaceAll(':', '').toLowerCase();
}

/** Controllers by Redfish. */
export const redfish: PowerControllers = { read: readPower, change: changePower, changePassword };
