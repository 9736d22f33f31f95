import { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connectInTurn } from './connect-in-turn.js';

const MANY = 100;
const AT_ONCE = 32;

let begun: { readonly host: string; readonly answer: buildConnector.Callback }[];
let ended: string[];
let connect: (host: string) => void;
beforeEach(() => {
  vi.useFakeTimers();
  [begun, ended] = [[], []];
  const inTurn = connectInTurn();
  connect = (host) => {
    const connector = inTurn(({ hostname }, answer) => void begun.push({ host: hostname, answer }));
    connector({ hostname: host, protocol: 'https:', port: '1' }, () => void ended.push(host));
  };
});
afterEach(() => void vi.useRealTimers());

const hosts = Array.from({ length: MANY }, (_, index) => `host-${index}`);
const answerAll = (from: number) => begun.slice(from).forEach(({ answer }) => answer(null, new Socket()));

it('begins a few at once, and the others in their order as those end', () => {
  hosts.forEach(connect);
  expect(begun.map(({ host }) => host)).toEqual(hosts.slice(0, AT_ONCE));
  begun[0]?.answer(null, new Socket());
  begun[1]?.answer(new DOMException('refused'), null);
  expect(ended).toEqual(hosts.slice(0, 2));
  expect(begun.map(({ host }) => host)).toEqual(hosts.slice(0, AT_ONCE + 2));
  for (let from = 2; from < begun.length; from += AT_ONCE) answerAll(from);
  expect(ended.toSorted()).toEqual(hosts.toSorted());
});

it('lets hosts that do not answer keep nobody waiting', () => {
  hosts.forEach(connect);
  vi.advanceTimersByTime(1_000);
  expect(begun).toHaveLength(MANY);
  // Their late answers give no turn twice.
  answerAll(0);
  expect(ended).toHaveLength(MANY);
  hosts.forEach(connect);
  expect(begun).toHaveLength(MANY + AT_ONCE);
});

it('tells of a connector that throws, and goes on', () => {
  const inTurn = connectInTurn();
  const told: (string | undefined)[] = [];
  const connector = inTurn(() => {
    throw new DOMException('no such port');
  });
  for (const hostname of hosts)
    connector({ hostname, protocol: 'https:', port: '1' }, (...[error]) => void told.push(error?.message));
  expect(told).toEqual(hosts.map(() => 'no such port'));
});
