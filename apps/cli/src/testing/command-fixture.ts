/** Runs the built `dura` command for specs: own home, own network namespace, everything removed at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { CHECKOUT, homeDirectory } from '../instance/home.js';
import { ensureTemporalBinary } from '../parts/temporal-binary.js';
import { run, runOrFail, type RunResult } from '../system/run.js';

const MAIN = join(CHECKOUT, 'apps/cli/dist/main.js');
const TIMEOUT_MS = 300_000;

/** One machine's network with some homes in it. */
export class CommandFixture {
  private readonly directory = mkdtempSync(join(tmpdir(), 'dura-cli-'));
  private readonly namespace = `dura-${randomBytes(4).toString('hex')}`;
  private readonly homes = new Set<string>();
  private searchPath = process.env['PATH'] ?? '';

  /** Makes the network; finds the Temporal program once, so that homes need no download. */
  async setUp(): Promise<void> {
    const { path } = await ensureTemporalBinary(join(homeDirectory(), 'cache'));
    this.searchPath = [dirname(path), this.searchPath].join(delimiter);
    await runOrFail('Making a network', 'ip', ['netns', 'add', this.namespace]);
    await runOrFail('Making a network', 'ip', ['-n', this.namespace, 'link', 'set', 'lo', 'up']);
  }

  /** Destroys every home that was used. */
  async tearDown(): Promise<void> {
    for (const home of this.homes) await this.dura(home, ['destroy', '--yes']);
    await runOrFail('Removing the network', 'ip', ['netns', 'delete', this.namespace]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** The directory of a home. */
  home(name: string): string {
    return name.startsWith('/') ? name : join(this.directory, name);
  }

  /** Runs `dura` with a home; `shield` is a program with arguments that runs it. */
  dura(
    home: string,
    words: readonly string[],
    options: { shield?: readonly string[]; path?: string } = {},
  ): Promise<RunResult> {
    const path = this.home(home);
    this.homes.add(path);
    return this.inNetwork([...(options.shield ?? []), process.execPath, MAIN, ...words], {
      DURASTACK_HOME: path,
      PATH: options.path ?? this.searchPath,
    });
  }

  /** Runs any program in the network. */
  inNetwork(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunResult> {
    const options = { env: { ...process.env, ...env }, timeoutMs: TIMEOUT_MS };
    return run('ip', ['netns', 'exec', this.namespace, ...words], options);
  }

  /** Names of the programs whose arguments mention a path. */
  async processesWith(path: string): Promise<string[]> {
    const { stdout } = await run('ps', ['-eo', 'args=', '-ww']);
    const lines = stdout.split('\n').filter((line) => line.includes(path));
    return lines.map((line) => basename(line.split(' ')[0] ?? ''));
  }

  /** What `status --json` says. */
  async status(home: string): Promise<Status> {
    return JSON.parse((await this.dura(home, ['status', '--json'])).stdout) as Status;
  }
}

/** See {@link CommandFixture.status}. */
export interface Status {
  readonly urls: Readonly<Record<'api' | 'apiDocs' | 'temporalUi', string>>;
  readonly processes: readonly { name: string; pid: number | null; state: string; rssMib: number | null }[];
  readonly hosts: readonly { name: string; state: string }[] | null;
  readonly operations: { running: number; queued: number; needsAttention: number } | null;
}
