import type { Logger } from '@durastack/kit/log/logger';
import type { SecretBox } from '@durastack/kit/secrets/secret-box';
import type { DataSource } from 'typeorm';
import type { ApiSettings } from './settings.js';

/** What handlers are given: the database, the box of secrets, settings and log. Injected by this class. */
export class Platform {
  constructor(
    readonly database: DataSource,
    readonly secrets: SecretBox,
    readonly settings: ApiSettings,
    readonly log: Logger,
  ) {}
}
