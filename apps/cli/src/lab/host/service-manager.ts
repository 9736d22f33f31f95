/**
 * What stands in for systemd on a lab host: built-in services and installed units, and the words of `systemctl` that
 * an installer uses. State of units (enabled, masked) is kept as systemd keeps it, by links in the unit folder.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Service, type ServicePlan } from './service.js';
import { readUnit, UNIT_FOLDER } from './unit-file.js';

/** How a call ended. */
export interface Reply {
  readonly code: number;
  readonly output: string;
}

const WANTS = join(UNIT_FOLDER, 'multi-user.target.wants');
const NOT_ACTIVE = 3;
const NO_SUCH_UNIT = 5;
const OK: Reply = { code: 0, output: '' };

/** The services of a host. */
export class ServiceManager {
  private readonly services = new Map<string, Service>();

  constructor(private readonly report: (line: string) => void) {}

  /** Adds built-in services, and starts them in this order, then the enabled units. */
  async startAll(builtIn: readonly ServicePlan[]): Promise<void> {
    for (const plan of builtIn) {
      const service = new Service(plan, this.report);
      this.services.set(plan.name, service);
      await service.start();
    }
    mkdirSync(WANTS, { recursive: true });
    for (const name of readdirSync(WANTS)) await this.find(name)?.start();
  }

  /** Stops all, the last one first. */
  async stopAll(): Promise<void> {
    for (const service of [...this.services.values()].reverse()) await service.stop();
  }

  /** Carries out the words after `systemctl`. */
  async systemctl(words: readonly string[]): Promise<Reply> {
    const flags = words.filter((word) => word.startsWith('-'));
    const [verb = 'list-units', ...units] = words.filter((word) => !word.startsWith('-'));
    if (verb === 'daemon-reload' || verb === 'reset-failed') return this.reload();
    if (verb === 'list-units') return this.list();
    let reply = OK;
    for (const unit of units) {
      const one = await this.unit(verb, unit, flags);
      if (one.code !== 0 || one.output !== '') reply = { code: one.code, output: reply.output + one.output };
    }
    return reply;
  }

  /** Carries out the words after `journalctl`: the last lines of one unit's output. */
  journalctl(words: readonly string[]): Reply {
    const unit = words[words.indexOf('-u') + 1] ?? '';
    const count = Number(words[words.indexOf('-n') + 1] ?? 10);
    const plan = this.services.has(unit) ? readUnit(unit) : undefined;
    if (plan === undefined || !existsSync(plan.logFile)) return OK;
    const lines = readFileSync(plan.logFile, 'utf8').trimEnd().split('\n');
    return { code: 0, output: `${lines.slice(-(Number.isInteger(count) ? count : 10)).join('\n')}\n` };
  }

  private async unit(verb: string, unit: string, flags: readonly string[]): Promise<Reply> {
    // A socket unit stands for its service here: nothing is activated on demand.
    const name = unit.endsWith('.socket') ? unit.replace(/\.socket$/, '.service') : withSuffix(unit);
    const service = this.find(name);
    if (verb === 'unmask') return this.mask(name, false);
    if (service === undefined) return { code: NO_SUCH_UNIT, output: `Unit ${name} not found.\n` };
    switch (verb) {
      case 'start':
        return (await service.start()) ? OK : masked(name);
      case 'stop':
        await service.stop();
        return OK;
      case 'restart':
        await service.stop();
        return (await service.start()) ? OK : masked(name);
      case 'kill':
        service.kill((flags.find((flag) => flag.startsWith('--signal='))?.slice(9) ?? 'SIGTERM') as NodeJS.Signals);
        return OK;
      case 'mask':
        return this.mask(name, true);
      case 'enable':
      case 'disable':
        return this.enable(name, verb === 'enable', flags.includes('--now') ? service : undefined);
      case 'is-active':
      case 'status':
        return { code: service.state === 'active' ? 0 : NOT_ACTIVE, output: quiet(flags, service.state) };
      case 'is-failed':
        return { code: service.state === 'failed' ? 0 : 1, output: quiet(flags, service.state) };
      default:
        return { code: 1, output: `Unknown command verb ${verb}.\n` };
    }
  }

  private async enable(name: string, enabled: boolean, now: Service | undefined): Promise<Reply> {
    const link = join(WANTS, name);
    mkdirSync(WANTS, { recursive: true });
    rmSync(link, { force: true });
    if (enabled && existsSync(join(UNIT_FOLDER, name))) symlinkSync(join('..', name), link);
    if (enabled) await now?.start();
    else await now?.stop();
    return OK;
  }

  /** Only for the time that the host is on: a mask here is what a fault of the lab is made of. */
  private mask(name: string, masked: boolean): Reply {
    this.find(name)?.mask(masked);
    return OK;
  }

  private reload(): Reply {
    for (const [name, service] of this.services) {
      const plan = readUnit(name);
      if (plan !== undefined) service.replan(plan);
    }
    return OK;
  }

  private list(): Reply {
    const lines = [...this.services].map(([name, { state, pid }]) => `${name} ${state} ${pid ?? ''}`.trimEnd());
    return { code: 0, output: `${lines.join('\n')}\n` };
  }

  private find(name: string): Service | undefined {
    const known = this.services.get(name);
    if (known !== undefined) return known;
    const isUnit = lstatSync(join(UNIT_FOLDER, name), { throwIfNoEntry: false })?.isFile() ?? false;
    const plan = isUnit ? readUnit(name) : undefined;
    if (plan === undefined) return undefined;
    const service = new Service(plan, this.report);
    this.services.set(name, service);
    return service;
  }
}

function withSuffix(unit: string): string {
  return unit.includes('.') ? unit : `${unit}.service`;
}

function masked(name: string): Reply {
  return { code: 1, output: `Failed to start ${name}: Unit ${name} is masked.\n` };
}

function quiet(flags: readonly string[], text: string): string {
  return flags.includes('-q') || flags.includes('--quiet') ? '' : `${text}\n`;
}
