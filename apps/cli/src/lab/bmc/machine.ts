/** The switch that a management controller has: one change after another, and what it is doing at the moment. */
import { initPid, powerCycle, powerOff, powerOn, shutDown, type PoweredHost } from '../host/power.js';

/** As Redfish names it. */
export type RedfishPower = 'On' | 'Off' | 'PoweringOn' | 'PoweringOff';

const RESETS = {
  On: { doing: 'PoweringOn', work: powerOn },
  ForceOff: { doing: 'PoweringOff', work: powerOff },
  ForceRestart: { doing: 'PoweringOn', work: powerCycle },
  PowerCycle: { doing: 'PoweringOn', work: powerCycle },
  GracefulShutdown: { doing: 'PoweringOff', work: shutDown },
} as const;
/** What can be asked for, as Redfish names it. */
export type ResetType = keyof typeof RESETS;
/** See {@link ResetType}. */
export const RESET_TYPES = Object.keys(RESETS) as ResetType[];

/** A host as its controller sees it. */
export class Machine {
  private doing: RedfishPower | undefined;
  private last: Promise<void> = Promise.resolve();

  /** @param report is told of changes that failed */
  constructor(
    private readonly host: PoweredHost,
    private readonly report: (line: string) => void,
  ) {}

  /** What it is doing, else whether it runs. */
  get power(): RedfishPower {
    return this.doing ?? (initPid(this.host.directory) === undefined ? 'Off' : 'On');
  }

  /** Begins a change; it goes on when the caller is gone. @returns when it has ended, well or not */
  reset(type: ResetType): Promise<void> {
    const { doing, work } = RESETS[type];
    this.last = this.last.then(async () => {
      this.doing = doing;
      this.report(`${type}: begun`);
      try {
        await work(this.host);
        this.report(`${type}: done`);
      } catch (error) {
        this.report(`${type}: ${String(error)}`);
      } finally {
        this.doing = undefined;
      }
    });
    return this.last;
  }
}
