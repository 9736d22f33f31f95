import { randomUUID } from 'node:crypto';
import type { Command } from '@durastack/contracts/command';
import { asDurastackError, DurastackError, ERROR_KINDS } from '@durastack/contracts/errors';
import { autocommit } from '@durastack/store/database/transaction';
import type { ListView } from '@durastack/store/lists/engine/define-list';
import {
  readRawList,
  runList,
  type ListPage,
  type PageRequest,
  type RawItem,
  type RestOfPage,
} from '@durastack/store/lists/engine/run-list';
import type { StartedOperation } from '../catalogue/handles.js';
import type { Served } from '../catalogue/registry.js';
import type { Platform } from '../platform.js';
import type { ProjectRights } from '../identity/project-rights.js';
import type { RoleBook } from '../identity/role-book.js';
import { recordRefusal, writeCommandEvent } from './command-event.js';
import type { AnyCall, Call } from './call.js';
import type { DispatcherHint } from './dispatcher-hint.js';
import { pageOf } from './page-of.js';
import { shorten } from './text-faults.js';

type Fields = Readonly<Record<string, unknown>>;

/** What a command gave. */
export type Outcome =
  | { readonly kind: 'object'; readonly value: Fields }
  | { readonly kind: 'list'; readonly page: ListPage<Fields> }
  | { readonly kind: 'operation'; readonly operation: StartedOperation }
  | { readonly kind: 'success' };

/** What to do. */
export interface Invocation {
  readonly served: Served;
  readonly call: AnyCall;
  readonly params: Fields;
  /** For lists. */
  readonly page: PageRequest;
}

/** Carries out a command for both faces: role, handler, audit event, hint to the dispatcher. Injected by this class. */
export class Invoker {
  constructor(
    private readonly platform: Platform,
    private readonly hint: DispatcherHint,
    private readonly roles: RoleBook,
    private readonly projects: ProjectRights,
  ) {}

  /**
   * Refuses what the caller's role does not include. Unknown commands are refused in the same words.
   *
   * @returns the call, whose caller is left those projects alone in which it may use the command
   * @throws DurastackError NOT_AUTHENTICATED, FORBIDDEN
   */
  async authorise(command: Command | undefined, name: string, call: AnyCall): Promise<AnyCall> {
    if (command?.roles.includes('anyone')) return call;
    if (!call.caller) throw new DurastackError('NOT_AUTHENTICATED', 'unable to verify user credentials');
    if (command && (await this.roles.rightsOf(call.caller)).has(command.name))
      return { ...call, caller: await this.projects.within(call.caller, command.name) };
    const error = new DurastackError(
      'FORBIDDEN',
      `The API [${shorten(name)}] does not exist or is not available for the account Account [name=${call.caller.accountName}, role=${call.caller.accountRole.name}]; it is not available for user ${call.caller.username}.`,
    );
    if (command) await recordRefusal(this.platform, { command, call, params: {}, error });
    throw error;
  }

  /** Reads the parameters of a call whose caller was authorised; what cannot be read leaves an audit event too. */
  async decode<T>(command: Command, call: AnyCall, parse: () => T): Promise<T> {
    try {
      return parse();
    } catch (thrown) {
      await recordRefusal(this.platform, { command, call, params: {}, error: asDurastackError(thrown) });
      throw thrown;
    }
  }

  /** Carries out a command whose caller was authorised and whose parameters are valid. */
  async invoke(invocation: Invocation): Promise<Outcome> {
    const { served, call, params } = invocation;
    const { command } = served;
    try {
      const outcome = await this.execute(invocation);
      if (outcome.kind === 'operation') this.hint.send();
      else await writeCommandEvent(this.platform, { command, call, params, outcome });
      return outcome;
    } catch (thrown) {
      const error = this.logged(asDurastackError(thrown), command);
      await recordRefusal(this.platform, { command, call, params, error });
      throw error;
    }
  }

  /** Reads a list of the database for a face that writes it out itself; the caller was authorised. */
  async read(view: ListView, invocation: Invocation, onItem: (item: RawItem) => void): Promise<RestOfPage> {
    const { served, call, params, page } = invocation;
    try {
      return await readRawList(this.platform.database, view, (call as Call).caller, { params, page, onItem });
    } catch (thrown) {
      throw this.logged(asDurastackError(thrown), served.command);
    }
  }

  private async execute({ served, call, params, page }: Invocation): Promise<Outcome> {
    const { command, handler, view } = served;
    if (view) {
      const caller = (call as Call).caller;
      return { kind: 'list', page: await runList(autocommit(this.platform.database), view, caller, { params, page }) };
    }
    const result: unknown = await handler?.execute({ ...call, page } as Call, params);
    if (command.operation) return { kind: 'operation', operation: result as StartedOperation };
    if (command.isList) {
      const all = result as readonly Fields[] | ListPage<Fields>;
      return { kind: 'list', page: 'items' in all ? all : pageOf(all, params, page) };
    }
    if (command.result) return { kind: 'object', value: result as Fields };
    return { kind: 'success' };
  }

  /** Faults of the product are logged under a number, and only that is shown. */
  private logged(error: DurastackError, command: Command): DurastackError {
    if (ERROR_KINDS[error.code].httpStatus !== 500) return error;
    const incident = randomUUID();
    this.platform.log.error({ error, incident, command: command.name }, 'a command failed by a fault');
    return new DurastackError(
      error.code,
      `${command.name} failed by a fault of the product; incident ${incident} in its log.`,
      {
        cause: error,
        details: { incident },
      },
    );
  }
}
