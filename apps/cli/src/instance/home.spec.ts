import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tryLock } from './file-lock.js';
import { describeHome, homeDirectory, homeExists, prepareHome, removeHome } from './home.js';
import { InstanceFile } from './instance-file.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a home', () => {
  it('is named by its path, so that instances side by side differ', () => {
    const names = ['a', 'b'].map((child) => describeHome(join(directory, child)).name);
    expect(names[0]).not.toBe(names[1]);
    for (const name of names) expect(name).toMatch(/^[a-z0-9-]{1,8}$/);
    expect(describeHome(join(directory, 'a')).name).toBe(names[0]);
  });

  it('is where DURASTACK_HOME says, else in the checkout', () => {
    expect(homeDirectory({ DURASTACK_HOME: '/x/y' })).toBe('/x/y');
    expect(homeDirectory({})).toMatch(/\/\.durastack$/);
  });

  it('gives the parts a short name for a long path, and removes it again', () => {
    const home = prepareHome(join(directory, 'a-rather-long-name-of-a-project/with/more/folders/.durastack'));
    expect(home.work).toBe(`/run/durastack/${home.name}`);
    writeFileSync(join(home.pool, 'x'), 'y');
    expect(readFileSync(join(home.root, 'pool/x'), 'utf8')).toBe('y');
    removeHome(home);
    expect(existsSync(home.root)).toBe(false);
    expect(lstatSync(home.work, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('that cannot be written is one clear line', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(() => prepareHome(join(file, 'home'))).toThrow(
      /cannot be written \(ENOTDIR\); run as root or set DURASTACK_HOME/,
    );
  });
});

describe('instance.json', () => {
  it('remembers what it is told, readable by its owner alone', () => {
    const home = prepareHome(join(directory, 'h'));
    expect(homeExists(home.root)).toBe(false);
    InstanceFile.open(home).update({ ports: { api: 8080 } });
    expect(homeExists(home.root)).toBe(true);
    expect(InstanceFile.open(home).port('api')).toBe(8080);
    expect(statSync(home.instanceFile).mode & 0o777).toBe(0o600);
  });

  it('that is not ours is refused with the reason', () => {
    const home = prepareHome(join(directory, 'h'));
    writeFileSync(home.instanceFile, '{"version":2}');
    expect(() => InstanceFile.open(home)).toThrow(/cannot be read as an instance; .*version/);
  });
});

describe('the lock', () => {
  it('is held by one, and given back', async () => {
    mkdirSync(directory, { recursive: true });
    const first = await tryLock(join(directory, 'lock'));
    expect(first).toBeDefined();
    expect(await tryLock(join(directory, 'lock'))).toBeUndefined();
    first?.release();
    const second = await tryLock(join(directory, 'lock'));
    expect(second).toBeDefined();
    second?.release();
  });
});
