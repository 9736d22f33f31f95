/** A private Open vSwitch in a network namespace, with the userspace datapath; for specs. */
import { join } from 'node:path';
import type { HostShell } from '../process/host-shell.js';

/** A running switch. */
export interface OvsFixture {
  /** Directory of its sockets. */
  readonly runDir: string;
  end(): Promise<void>;
}

/** Starts database and switch; every device they make lies in the shell's namespace. */
export async function startOvs(shell: HostShell, runDir: string): Promise<OvsFixture> {
  const env = { OVS_RUNDIR: runDir, OVS_LOGDIR: runDir, OVS_DBDIR: runDir };
  const database = join(runDir, 'conf.db');
  const socket = join(runDir, 'db.sock');
  await shell.run('ovsdb-tool', ['create', database, '/usr/share/openvswitch/vswitch.ovsschema'], { env });
  const detach = ['--detach', '--pidfile', '--log-file', '--no-chdir'];
  await shell.run('ovsdb-server', [database, `--remote=punix:${socket}`, ...detach], { env });
  await shell.run('ovs-vsctl', ['--no-wait', `--db=unix:${socket}`, 'init'], { env });
  await shell.run('ovs-vswitchd', [`unix:${socket}`, ...detach], { env });
  return {
    runDir,
    end: async () => {
      // Without the clean-up its taps stay behind.
      await shell.run('ovs-appctl', ['exit', '--cleanup'], { env });
      await shell.run('ovs-appctl', ['-t', 'ovsdb-server', 'exit'], { env });
    },
  };
}
