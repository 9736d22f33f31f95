/**
 * `defineCommand` and `defineListCommand`: a command is declared once, and every face is made from that.
 *
 * The declaration is data: what it is called, what it takes and gives, who may use it, what it locks and which
 * events it raises on the resource's state table. The handler (in the API) and the workflow bear the same name.
 */
import type { z } from 'zod';
import type { ResourceType } from './resources.js';

/** Areas of the product; folders bear the same names everywhere. */
export type Domain = 'infra' | 'compute' | 'storage' | 'image' | 'network' | 'identity' | 'operations' | 'usage';

/** Built-in roles. `anyone` needs no credentials (login). */
export type Role = 'admin' | 'domain-admin' | 'user' | 'anyone';

/** Everybody with an account. */
export const ALL_ROLES: readonly Role[] = ['admin', 'domain-admin', 'user'];
/** Administrators of domains and of everything. */
export const ADMIN_ROLES: readonly Role[] = ['admin', 'domain-admin'];
/** The root administrator only. */
export const ROOT_ONLY: readonly Role[] = ['admin'];

/** REST method and path under `/api/v1`; `{id}` is the parameter of that name. */
export interface RestRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: `/${string}`;
}

/** How the operation moves its resource's state; names are events of that resource's state table. */
export interface OperationLifecycle {
  /** Raised when the operation begins to run; absent when the row is created in its transitional state. */
  readonly begin?: string;
  /** Raised when it ends well. */
  readonly succeed?: string;
  /** Raised when it ended undone. */
  readonly undo?: string;
}

/** What makes a command a durable operation. */
export interface OperationDeclaration {
  /** The type of the resource it acts on: its row carries `state` and `operation_id`. */
  readonly resource: ResourceType;
  /** What it locks at acceptance, by type. The handler names the ids; the mode stands here. */
  readonly locks: Partial<Record<ResourceType, 'exclusive' | 'shared'>>;
  readonly lifecycle: OperationLifecycle;
  /**
   * For commands that are synchronous in CloudStack but need effects on hosts: how long that face waits for the
   * outcome, in milliseconds. The operation goes on after it.
   * 0: it answers the object at once, as it is at acceptance.
   */
  readonly cloudStackWaitMs?: number;
  /** The resource's row is written at acceptance; CloudStack's reply carries its id at once. */
  readonly creates?: boolean;
  /** At acceptance, cancels what is queued on its resource and asks what runs there to stop, then runs next. */
  readonly supersedes?: boolean;
  /** A phrase for operators, e.g. `Deploy`; the resource's name is put behind it. */
  readonly title: string;
}

/** A declared command. */
export interface Command<P extends z.ZodObject = z.ZodObject, R extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly domain: Domain;
  readonly description: string;
  readonly rest: RestRoute;
  readonly roles: readonly Role[];
  /** Parameters in camelCase; all else is ignored by the CloudStack face and refused by the REST face. */
  readonly params: P;
  /** The reply object's view, or undefined for commands that only succeed. */
  readonly result?: R;
  /** CloudStack's name of the reply object, e.g. `virtualmachine`. */
  readonly wrapper?: string;
  /** CloudStack answers `{count, <wrapper>: [one]}` instead of `{<wrapper>: one}`. */
  readonly wrapsInList?: boolean;
  /** CloudStack answers the bare fields, without a wrapper (login, queryAsyncJobResult). */
  readonly bare?: boolean;
  readonly operation?: OperationDeclaration;
  /** CloudStack's event type, e.g. `VM.CREATE`; commands that change something have one. */
  readonly event?: string;
  /** Lists answer `{count, <wrapper>: [...]}` and take paging. */
  readonly isList?: boolean;
  /** No list, but changes nothing either: needs no `event`. */
  readonly readOnly?: boolean;
  /**
   * Synchronous here, but CloudStack's clients poll a job for it: that face records an operation that has ended
   * and answers its job id.
   */
  readonly answersAsJob?: boolean;
}

const declared = new WeakSet<object>();

/** True for what {@link defineCommand} or {@link defineListCommand} gave: how the catalogue finds declarations. */
export function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && declared.has(value);
}

function declare<C extends Command>(command: C): C {
  declared.add(command);
  return Object.freeze(command);
}

/** Declares a command; see {@link Command}. */
export function defineCommand<const C extends Command>(command: C): C {
  return declare(command);
}

/** Declares a list command; its parameters begin with those of `listParams` or `scopedListParams`. */
export function defineListCommand<const C extends Command & { readonly result: z.ZodObject; readonly wrapper: string }>(
  command: C,
): C & { readonly isList: true } {
  return declare({ ...command, isList: true as const });
}

/** Validated parameters of a command. */
export type ParamsOf<C extends Command> = z.infer<C['params']>;
/** One reply object of a command. */
export type ResultOf<C extends Command> = z.infer<NonNullable<C['result']>>;
