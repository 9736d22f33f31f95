import type { PowerControllers } from '@durastack/contracts/infra/power-controller';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import type { DataSource } from 'typeorm';
import type { AgentGateway } from './agent-gateway.js';

/** What activities are made from. */
export interface ActivityDependencies {
  readonly source: DataSource;
  readonly box: SecretBox;
  readonly agents: AgentGateway;
  readonly controllers: PowerControllers;
  readonly settings: ActivitySettings;
}

/** The worker's settings that steps use. */
export interface ActivitySettings {
  /** Where agents report to, `https://host:port`. */
  readonly intakeUrl: string;
  /** Networks that images may be fetched from although they are private. */
  readonly imagePrivateCidrs: readonly string[];
  /** Milliseconds between heartbeats. */
  readonly heartbeatIntervalMs: number;
  /** How fast one volume is copied at most; as fast as it goes when absent. */
  readonly volumeCopyMibPerSecond?: number;
}
