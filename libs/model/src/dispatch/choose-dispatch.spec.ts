import { describe, expect, it } from 'vitest';
import {
  chooseDispatch,
  freeSlots,
  withoutStalled,
  fullHosts,
  type DispatchLimits,
  type DispatchLoad,
  type Startable,
} from './choose-dispatch.js';

const op = (id: string, accountId: string, change: Partial<Startable> = {}): Startable => ({
  id,
  accountId,
  hostId: null,
  urgent: false,
  ...change,
});
const idle: DispatchLoad = {
  running: 0,
  active: 0,
  runningPerHost: new Map(),
  silentHosts: new Set(),
  answeringHosts: new Set(['h', ...Array.from({ length: 10 }, (_, i) => `h${i}`)]),
  lastServed: new Map(),
};
const limits = (change: Partial<DispatchLimits> = {}): DispatchLimits => ({
  total: 10,
  active: 1_000,
  reservedForUrgent: 0,
  perHost: 10,
  perSilentHost: 2,
  ...change,
});

it.each([
  ['nothing waits', 0, 10],
  ['calls to hosts that may hang wait', 3, 7],
  ['more wait than half of the slots', 9, 5],
])('withoutStalled: %s', (_, stalled, running) => {
  expect(withoutStalled({ running: 10 }, stalled, limits({ total: 10 }))).toEqual({ running });
});

describe('chooseDispatch', () => {
  it('takes accounts in turn, each in order of acceptance', () => {
    const waiting = [op('a1', 'a'), op('a2', 'a'), op('a3', 'a'), op('b1', 'b'), op('c1', 'c'), op('b2', 'b')];
    expect(chooseDispatch(waiting, idle, limits())).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('serves who was served longest ago first, however few slots are free at a time', () => {
    const names = ['a', 'b', 'c', 'd'];
    const waiting = [
      ...Array.from({ length: 400 }, (_, i) => op(`${names[i % 4]}${i}`, names[i % 4]!)),
      op('small', 'small'),
    ];
    const lastServed = new Map<string, number>();
    const order: string[] = [];
    for (let tick = 0; !order.includes('small') && tick < 400; tick += 1) {
      const left = waiting.filter(({ id }) => !order.includes(id));
      const [next] = chooseDispatch(left, { ...idle, lastServed }, limits({ total: 1 }));
      order.push(next!);
      lastServed.set(waiting.find(({ id }) => id === next)!.accountId, tick);
    }
    expect(order.length).toBeLessThanOrEqual(names.length + 1);
  });

  it('gives a small account its turn before a large one fills all slots', () => {
    const waiting = [...Array.from({ length: 100_000 }, (_, i) => op(`big${i}`, 'big')), op('small', 'small')];
    expect(chooseDispatch(waiting, idle, limits({ total: 3 }))).toEqual(['big0', 'small', 'big1']);
  });

  it('starts no more than can be at work at once, but urgent ones beside them', () => {
    const waiting = [op('a1', 'a'), op('a2', 'a'), op('a3', 'a'), op('u1', 'a', { urgent: true })];
    const load = { ...idle, running: 5, active: 3 };
    expect(chooseDispatch(waiting, load, limits({ active: 5 }))).toEqual(['u1', 'a1', 'a2']);
    expect(chooseDispatch(waiting, { ...load, active: 9 }, limits({ active: 5 }))).toEqual(['u1']);
  });

  it('keeps reserved slots for what is urgent, and starts that first', () => {
    const waiting = [op('a1', 'a'), op('u1', 'a', { urgent: true }), op('a2', 'a')];
    expect(chooseDispatch(waiting, idle, limits({ total: 2, reservedForUrgent: 1 }))).toEqual(['u1']);
    expect(chooseDispatch(waiting, { ...idle, running: 1 }, limits({ total: 2, reservedForUrgent: 1 }))).toEqual([
      'u1',
    ]);
  });

  it('passes over an operation whose host is full without holding up the others', () => {
    const waiting = [op('a1', 'a', { hostId: 'h' }), op('a2', 'a', { hostId: 'g' }), op('b1', 'b', { hostId: 'h' })];
    const load = { ...idle, running: 1, runningPerHost: new Map([['h', 1]]) };
    expect(chooseDispatch(waiting, load, limits({ perHost: 1 }))).toEqual(['a2']);
  });

  it('stays fair among accounts where the slots of hosts are the limit', () => {
    const crowd = Array.from({ length: 1_000 }, (_, i) => op(`big${i}`, 'big', { hostId: `h${i % 4}` }));
    const waiting = [...crowd, ...[0, 1, 2, 3].map((i) => op(`small${i}`, 'small', { hostId: `h${i}` }))];
    const chosen = chooseDispatch(waiting, idle, limits({ total: 1_000, perHost: 2 }));
    expect(chosen.filter((id) => id.startsWith('small'))).toHaveLength(4);
    expect(chosen).toHaveLength(8);
  });

  it('lets what waits for silent hosts take no slot, and no more than a few of each', () => {
    const silentHosts = new Set(Array.from({ length: 200 }, (_, i) => `s${i}`));
    const onSilent = [...silentHosts].flatMap((hostId) =>
      Array.from({ length: 20 }, (_, i) => op(`${hostId}-${i}`, 'a', { hostId })),
    );
    const waiting = [...onSilent, ...Array.from({ length: 10 }, (_, i) => op(`ok${i}`, 'b', { hostId: 'h' }))];
    const chosen = chooseDispatch(waiting, { ...idle, silentHosts }, limits({ total: 10 }));
    expect(chosen.filter((id) => id.startsWith('ok'))).toHaveLength(10);
    expect(chosen.filter((id) => id.startsWith('s'))).toHaveLength(400);

    const runningPerHost = new Map([...silentHosts].map((id) => [id, 16]));
    const load = { ...idle, running: 200 * 16 + 3, active: 3, runningPerHost, silentHosts };
    expect(freeSlots(load, limits({ total: 10, reservedForUrgent: 2 }))).toEqual({ usual: 5, urgent: 7 });
    expect(fullHosts(load, limits())).toHaveLength(200);
  });

  it('gives a host that was not heard lately its full share only after it has answered', () => {
    const waiting = Array.from({ length: 20 }, (_, i) => op(`a${i}`, 'a', { hostId: 'new' }));
    expect(chooseDispatch(waiting, idle, limits({ perSilentHost: 1 }))).toEqual(['a0']);
    const answered = { ...idle, answeringHosts: new Set(['new']) };
    expect(chooseDispatch(waiting, answered, limits({ perSilentHost: 1 }))).toHaveLength(10);
  });

  it('never gives the last slots to what is not urgent', () => {
    const waiting = Array.from({ length: 50 }, (_, i) => op(`a${i}`, 'a'));
    expect(chooseDispatch(waiting, { ...idle, running: 4 }, limits({ total: 10, reservedForUrgent: 3 }))).toHaveLength(
      3,
    );
    expect(chooseDispatch(waiting, { ...idle, running: 9 }, limits({ total: 10, reservedForUrgent: 3 }))).toEqual([]);
  });

  it('starts nothing when all slots are taken', () => {
    expect(chooseDispatch([op('a1', 'a')], { ...idle, running: 10 }, limits())).toEqual([]);
  });
});
