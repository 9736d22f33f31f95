import { describeMigrationConformance } from '../../conformance/migration-conformance.js';
import { makeMigrationSubject } from './migration-fixture.js';

describeMigrationConformance('libvirt', () => makeMigrationSubject());
