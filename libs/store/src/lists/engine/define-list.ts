/**
 * `defineList`: a list command's view as data. One engine serves them all (`run-list`).
 *
 * Aliases: the base table is always `b`. Conditions may only use `b` (joins are made for the rows of the page
 * alone), so what lies elsewhere is reached by a subquery.
 */
import type { Command, ParamsOf, ResultOf } from '@durastack/contracts/command';
import type { scopedListParams } from '@durastack/contracts/list-params';
import type { ResourceType } from '@durastack/contracts/resources';
import type { z } from 'zod';
import type { Caller } from '../../identity/caller.js';
import type { Sql } from './sql.js';

/** A command that lists. */
export type ListCommand = Command & { readonly result: z.ZodObject; readonly wrapper: string };

/**
 * What a parameter does: a column of `b` that must equal it; a condition made from it; or nothing (`accepted`),
 * because it is only taken for compatibility or read by another filter.
 */
export type Filter<V> = string | ((value: V, viewer: Caller) => Sql | undefined);

/** Parameters that the engine itself understands. */
type EngineParam = keyof typeof scopedListParams | 'ids' | 'tags';

/** Whose rows a caller may see, by columns of `b`. */
export interface Scope {
  /** Absent for things of domains (accounts themselves are matched by their id). */
  readonly account?: string;
  readonly domain: string;
  /**
   * What kind of rows: `things` (when not given) belong to accounts or projects, and those of projects are listed only
   * when asked for (`projectId`); `accounts` never belong to projects; `projects` are seen by their members.
   */
  readonly holds?: 'things' | 'accounts' | 'projects';
  /** Rows that a caller sees beside those: public templates, shared networks. */
  readonly shared?: (viewer: Caller) => Sql;
}

/** Rows of another table below each item, fetched for the whole page in one query. */
export interface Child {
  /** Field of the view: an array of objects. */
  readonly field: string;
  /** Field of the item's object → SQL expression. */
  readonly columns: Readonly<Record<string, string>>;
  /** FROM clause with its joins. */
  readonly from: string;
  /** The field is an object instead, of the columns `key` and `value`. */
  readonly isMap?: true;
  /** Expression that equals the item's id. */
  readonly parent: string;
  /** A further condition. */
  readonly where?: string;
  readonly order: string;
  /** Fields that are computed from the row. */
  readonly map?: (row: Record<string, unknown>, index: number) => Record<string, unknown>;
}

/** A list of any command, as the engine reads it. */
export interface ListView<C extends ListCommand = ListCommand> {
  readonly command: C;
  /** Replies of operations on this kind of resource are rendered through this view. */
  readonly resource?: ResourceType;
  readonly table: string;
  /** LEFT JOINs by unique keys. */
  readonly joins?: readonly string[];
  /** Rows that are never shown are left out here. */
  readonly where?: string;
  readonly scope?: Scope;
  /** Field → SQL expression over `b` and the joins. */
  readonly columns: Readonly<Partial<Record<string, string>>>;
  /** Selected for `map` only. */
  readonly extra?: Readonly<Record<string, string>>;
  /** Fields that are computed from the row (columns by field name, and `extra`). */
  readonly map?: (row: Record<string, unknown>, viewer: Caller) => Readonly<Record<string, unknown>>;
  /** Fields that are computed from the lists of children, by their field. */
  readonly finish?: (children: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  readonly filters: Readonly<Record<string, Filter<never>>>;
  /** Conditions that hold while a parameter (or an id) is not given. */
  readonly without?: Readonly<Record<string, string>>;
  /** Columns of `b` that `keyword` is looked for in. */
  readonly keyword?: readonly string[];
  /** The resource type under which its tags are kept; fills the field `tags`. */
  readonly tagged?: ResourceType;
  /** The resource type under which its details are kept; fills the field `details`. */
  readonly detailed?: ResourceType;
  readonly children?: readonly Child[];
  /** Fields that only the root administrator sees. */
  readonly rootOnly?: readonly string[];
  /** Newest first instead of oldest first; ids ascend with time. */
  readonly newestFirst?: boolean;
  /** It grows for ever, so it is never given whole. */
  readonly isLog?: boolean;
}

/** A declaration: {@link ListView} with the names checked against the command. */
export interface ListDeclaration<C extends ListCommand> extends ListView<C> {
  readonly columns: Readonly<Partial<Record<keyof ResultOf<C> & string, string>>>;
  readonly map?: (row: Record<string, unknown>, viewer: Caller) => Partial<ResultOf<C>>;
  readonly finish?: (children: Readonly<Record<string, unknown>>) => Partial<ResultOf<C>>;
  /** Every own parameter, so that none is forgotten. */
  readonly filters: Readonly<
    {
      [P in Exclude<keyof ParamsOf<C>, EngineParam> & string]-?: Filter<NonNullable<ParamsOf<C>[P]>>;
    } & {
      /** Where rows do not belong to projects, but are about them. */
      readonly projectId?: Filter<string>;
    }
  >;
  readonly rootOnly?: readonly (keyof ResultOf<C> & string)[];
}

const declared = new WeakSet<object>();

/** True for what {@link defineList} gave. */
export function isListView(value: unknown): value is ListView {
  return typeof value === 'object' && value !== null && declared.has(value);
}

/** Declares a list; see {@link ListView}. Export it from a `*.list.ts` file. */
export function defineList<C extends ListCommand>(view: ListDeclaration<C>): ListView<C> {
  declared.add(view);
  return view;
}
