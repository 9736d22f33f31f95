import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nextState, sourcesOf, toMermaid, validateStateTable, type StateTable } from './state-table.js';

const root = new URL('./', import.meta.url);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.state.ts'));
const modules = await Promise.all(
  files.sort().map((file) => import(new URL(file, root).href) as Promise<Record<string, unknown>>),
);
const isTable = (value: unknown): value is StateTable =>
  typeof value === 'object' && value !== null && 'events' in value && 'states' in value;
const tables = modules.flatMap((module) => Object.values(module)).filter(isTable);

describe('every state table', () => {
  it('is found', () => {
    expect(tables.map((table) => table.resource)).toEqual(
      expect.arrayContaining(['virtual-machine', 'volume', 'host', 'template', 'network', 'operation']),
    );
  });

  it.each(tables)('$resource: each state is known, reached, and left when it is under way', (table) => {
    expect(validateStateTable(table)).toEqual([]);
  });

  it.each(tables)('$resource: each state is described', (table) => {
    for (const { description } of Object.values(table.states)) expect(description).toMatch(/^[A-Z].*\.$/);
  });
});

describe('validateStateTable', () => {
  const table = (change: Partial<StateTable>): StateTable => ({
    resource: 'lamp',
    initial: ['Off'],
    states: { Off: { description: 'Dark.' }, On: { description: 'Lit.' } },
    events: { Switched: { Off: 'On', On: 'Off' } },
    ...change,
  });

  it('has nothing against a sound table', () => expect(validateStateTable(table({}))).toEqual([]));

  it('names a state that is never reached', () => {
    expect(validateStateTable(table({ events: { Switched: { On: 'Off' } } }))).toEqual([
      'lamp: state On cannot be reached',
    ]);
  });

  it('names unknown states', () => {
    expect(validateStateTable(table({ events: { Switched: { Off: 'On', On: 'Of' }, Broke: { Om: 'Off' } } }))).toEqual([
      'lamp: event Switched enters the unknown state Of',
      'lamp: event Broke leaves the unknown state Om',
    ]);
  });

  it('names a transitional state without a way out, and a final one with one', () => {
    const states = { Off: { description: 'Dark.', final: true }, On: { description: 'Lit.', transitional: true } };
    expect(validateStateTable(table({ states, events: { Switched: { Off: 'On', On: 'On' } } }))).toEqual([
      'lamp: final state Off is left',
      'lamp: transitional state On has no way out',
    ]);
  });

  it('answers where events lead, and draws them', () => {
    expect(nextState(table({}), 'Switched', 'Off')).toBe('On');
    expect(nextState(table({}), 'Broke', 'Off')).toBeUndefined();
    expect(sourcesOf(table({}), 'Switched')).toEqual(['Off', 'On']);
    expect(toMermaid(table({}))).toBe(
      'stateDiagram-v2\n  [*] --> Off\n  Off --> On: Switched\n  On --> Off: Switched\n',
    );
  });
});
