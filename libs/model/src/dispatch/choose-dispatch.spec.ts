import { describe, expect, it } from 'vitest';
import { chooseDispatch, type DispatchLimits, type DispatchLoad, type Startable } from './choose-dispatch.js';

const op = (id: string, accountId: string, change: Partial<Startable> = {}): Startable => ({
  id,
  accountId,
  hostId: null,
  urgent: false,
  ...change,
});
const idle: DispatchLoad = { running: 0, runningPerHost: new Map() };
const limits = (change: Partial<DispatchLimits> = {}): DispatchLimits => ({
  total: 10,
  reservedForUrgent: 0,
  perHost: 10,
  ...change,
});

describe('chooseDispatch', () => {
  it('takes accounts in turn, each in order of acceptance', () => {
    const waiting = [op('a1', 'a'), op('a2', 'a'), op('a3', 'a'), op('b1', 'b'), op('c1', 'c'), op('b2', 'b')];
    expect(chooseDispatch(waiting, idle, limits())).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('gives a small account its turn before a large one fills all slots', () => {
    const waiting = [...Array.from({ length: 100_000 }, (_, i) => op(`big${i}`, 'big')), op('small', 'small')];
    expect(chooseDispatch(waiting, idle, limits({ total: 3 }))).toEqual(['big0', 'small', 'big1']);
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
    const load = { running: 1, runningPerHost: new Map([['h', 1]]) };
    expect(chooseDispatch(waiting, load, limits({ perHost: 1 }))).toEqual(['a2']);
  });

  it('starts nothing when all slots are taken', () => {
    expect(chooseDispatch([op('a1', 'a')], { ...idle, running: 10 }, limits())).toEqual([]);
  });
});
