import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tokenOf } from '../agent-fixture.js';
import { Ledger, openLedgerFile, type LedgerFile } from './ledger.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'durastack-ledger-'));
  path = join(directory, 'ledger.log');
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((file) => file.close()));
  rmSync(directory, { recursive: true });
});

const opened: LedgerFile[] = [];
const openFile = async (create: boolean): Promise<LedgerFile> => {
  const file = await openLedgerFile(path, create);
  opened.push(file);
  return file;
};

const raise = (ledger: Ledger, resource: string, generation: number): Promise<void> =>
  ledger.raise(resource, tokenOf(generation), 'exclusive').durable;

describe('ledger', () => {
  it('is on the disk before anything may act, and is read again', async () => {
    const file = await openFile(true);
    await raise(new Ledger(file, 'a'), 'volume:1', 7);
    expect(readFileSync(path, 'utf8')).toContain('volume:1');
    // Not closed: as if the process had been killed.
    const again = new Ledger(await openFile(false), 'a');
    expect(() => again.check('volume:1', tokenOf(6), 'exclusive')).toThrow(/older than token 0.7.0/);
    expect(() => again.check('volume:1', tokenOf(7), 'exclusive')).not.toThrow();
  });

  it('keeps hosts and their epochs apart', async () => {
    const file = await openFile(true);
    const [a, b] = [new Ledger(file, 'a'), new Ledger(file, 'b')];
    await a.raise('volume:1', tokenOf(1, 0, 3), 'exclusive').durable;
    expect(() => a.check('volume:2', tokenOf(9), 'shared')).toThrow(/epoch/);
    expect(() => b.check('volume:1', tokenOf(0), 'exclusive')).not.toThrow();
  });

  it('tells the newest that it was told: the epoch that counts, and the generations under it', async () => {
    const file = await openFile(true);
    const [a, b] = [new Ledger(file, 'a'), new Ledger(file, 'b')];
    expect(a.highest).toEqual({ controlEpoch: 0, generation: 0 });
    await raise(a, 'volume:1', 7);
    await raise(a, 'volume:2', 5);
    expect(a.highest).toEqual({ controlEpoch: 0, generation: 7 });
    expect(b.highest).toEqual({ controlEpoch: 0, generation: 0 });
    expect(new Ledger(await openFile(false), 'a').highest).toEqual({ controlEpoch: 0, generation: 7 });
    await a.adoptEpoch(3).durable;
    expect(a.adoptEpoch(2).epochRose).toBe(false);
    expect(new Ledger(await openFile(false), 'a').highest).toEqual({ controlEpoch: 3, generation: 0 });
    expect(() => a.check('volume:9', tokenOf(99), 'shared')).toThrow(/epoch/);
  });

  it('drops a last line that was torn, and refuses damage in the middle', async () => {
    const file = await openFile(true);
    await raise(new Ledger(file, 'a'), 'volume:1', 7);
    await raise(new Ledger(file, 'a'), 'volume:2', 8);
    truncateSync(path, readFileSync(path).length - 5);
    const torn = new Ledger(await openFile(false), 'a');
    expect(torn.newest('volume:1', 'exclusive')).toEqual(tokenOf(7));
    expect(torn.newest('volume:2', 'exclusive')).toBeUndefined();
    writeFileSync(path, 'rubbish\n');
    appendFileSync(path, '["a volume:1",{"e":1}]\n');
    await expect(openLedgerFile(path, false)).rejects.toThrow(/damaged in line 1/);
  });

  it('does not take a lost file for an empty one', async () => {
    await expect(openLedgerFile(path, false)).rejects.toMatchObject({ code: 'ENVIRONMENT' });
  });

  it('is rewritten when most of it is superseded, losing nothing', async () => {
    const file = await openFile(true);
    const ledger = new Ledger(file, 'a');
    const writes: Promise<void>[] = [];
    for (let generation = 1; generation <= 25_000; generation += 1) {
      writes.push(raise(ledger, `volume:${generation % 10}`, generation));
      if (generation % 1_000 === 0) await writes.at(-1);
    }
    await Promise.all(writes);
    await file.close();
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(10_000);
    const again = new Ledger(await openFile(false), 'a');
    expect(again.newest('volume:0', 'exclusive')).toEqual(tokenOf(25_000));
    expect(again.newest('volume:9', 'exclusive')).toEqual(tokenOf(24_999));
  });

  it('refuses verbs when the disk refuses, and recovers with it', async () => {
    const file = await openFile(true);
    const ledger = new Ledger(file, 'a');
    await raise(ledger, 'volume:1', 1);
    await file.close();
    rmSync(directory, { recursive: true });
    await expect(raise(ledger, 'volume:1', 2)).rejects.toMatchObject({ code: 'ENVIRONMENT' });
    directory = mkdtempSync(join(tmpdir(), 'durastack-ledger-'));
  });
});
