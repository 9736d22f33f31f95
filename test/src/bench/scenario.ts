/** What a scenario is; each is one file below `scenarios/`, found by scanning. */
import type { CaseReport } from './report.js';

/** What can be chosen on the command line; each scenario has defaults of its own. */
export interface ScenarioOptions {
  /** Things done per case. */
  readonly count?: number;
  readonly hosts?: number;
  readonly clients?: number;
  readonly perSecond?: number;
  readonly rows?: number;
  /** Hosts that die. */
  readonly lost?: number;
  readonly vmsPerHost?: number;
  /** Milliseconds between heartbeats. */
  readonly heartbeatMs?: number;
  /** As small as can be, for the smoke test. */
  readonly tiny?: boolean;
  /** Only on simulated hosts. */
  readonly simulator?: boolean;
  /** Told of each case as it ends. */
  readonly onCase: (report: CaseReport) => void;
}

/** A scenario: its file exports one under the name `scenario`. */
export interface Scenario {
  readonly name: string;
  /** One line of help. */
  readonly summary: string;
  /** Runs every case; each is told of by `onCase`. */
  run(options: ScenarioOptions): Promise<void>;
}
