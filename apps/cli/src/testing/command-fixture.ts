/** Runs the built `dura` command for specs: own home, own network namespace, everything removed at the end. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { ensureImage, firstImagePath } from '../first-cloud/image.js';
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
  private image = '';

  /** Makes the network; has the Temporal program and the image once, so that homes need no download. */
  async setUp(): Promise<void> {
    const cache = join(homeDirectory(), 'cache');
    const { path } = await ensureTemporalBinary(cache);
    this.image = await ensureImage(cache);
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
    if (!this.homes.has(path)) this.makeHome(path);
    return this.inNetwork([...(options.shield ?? []), process.execPath, MAIN, ...words], {
      DURASTACK_HOME: path,
      PATH: options.path ?? this.searchPath,
    });
  }

  private makeHome(path: string): void {
    this.homes.add(path);
    const image = firstImagePath(join(path, 'cache'));
    mkdirSync(dirname(image), { recursive: true });
    copyFileSync(this.image, image);
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
