import { describeMigrationWithDisks } from '../../conformance/migration-conformance.js';
import { startCephFixture } from '../../rbd/ceph-fixture.js';
import { makeMigrationSubject } from './migration-fixture.js';

describeMigrationWithDisks('libvirt, to a Ceph cluster that the source does not reach', () =>
  makeMigrationSubject(startCephFixture),
);
