/** State tables: `from × event → to` as data. Only `transition()` of the store writes a state. */

/** A resource's states and events. */
export interface StateTable {
  readonly resource: string;
  /** States of new rows. */
  readonly initial: readonly string[];
  readonly states: Readonly<
    Record<string, { readonly description: string; readonly transitional?: boolean; readonly final?: boolean }>
  >;
  /** event → from → to. */
  readonly events: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Declares a state table, keeping its names as literal types. */
export function defineStateTable<const T extends StateTable>(table: T): T {
  return Object.freeze(table);
}

/** Names of a table's states. */
export type StateOf<T extends StateTable> = keyof T['states'] & string;
/** Names of a table's events. */
export type EventOf<T extends StateTable> = keyof T['events'] & string;

/** Where an event leads from a state; undefined when the table does not allow it. */
export function nextState(table: StateTable, event: string, from: string): string | undefined {
  return table.events[event]?.[from];
}

/** The states from which an event is allowed. */
export function sourcesOf(table: StateTable, event: string): readonly string[] {
  return Object.keys(table.events[event] ?? {});
}

/** What is wrong with a table: unknown names, unreachable states, transitional states without a way out. */
export function validateStateTable(table: StateTable): string[] {
  const faults: string[] = [];
  const known = new Set(Object.keys(table.states));
  const edges: [string, string][] = [];
  for (const [event, arrows] of Object.entries(table.events)) {
    for (const [from, to] of Object.entries(arrows)) {
      if (!known.has(from)) faults.push(`${table.resource}: event ${event} leaves the unknown state ${from}`);
      if (!known.has(to)) faults.push(`${table.resource}: event ${event} enters the unknown state ${to}`);
      edges.push([from, to]);
    }
  }
  const reached = new Set<string>(table.initial);
  for (let grew = true; grew;) {
    grew = false;
    for (const [from, to] of edges) {
      if (reached.has(from) && !reached.has(to)) {
        reached.add(to);
        grew = true;
      }
    }
  }
  for (const [state, { transitional, final }] of Object.entries(table.states)) {
    if (!reached.has(state)) faults.push(`${table.resource}: state ${state} cannot be reached`);
    const leaves = edges.some(([from, to]) => from === state && to !== state);
    if (transitional && !leaves) faults.push(`${table.resource}: transitional state ${state} has no way out`);
    if (final && leaves) faults.push(`${table.resource}: final state ${state} is left`);
  }
  return faults;
}

/** The table as a Mermaid state diagram. */
export function toMermaid(table: StateTable): string {
  const lines = ['stateDiagram-v2'];
  for (const state of table.initial) lines.push(`  [*] --> ${state}`);
  for (const [event, arrows] of Object.entries(table.events)) {
    for (const [from, to] of Object.entries(arrows)) lines.push(`  ${from} --> ${to}: ${event}`);
  }
  for (const [state, { final }] of Object.entries(table.states)) if (final) lines.push(`  ${state} --> [*]`);
  return `${lines.join('\n')}\n`;
}
