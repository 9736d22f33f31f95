/**
 * Tries hard to make a machine run twice: its host is cut off and lives on, its agent sleeps through its fencing, the
 * control plane dies between proof and restart, the host is switched on again in the middle, and a start from before arrives.
 */
import { openSecretBox } from '@durastack/kit/secrets/secret-box';
import { readVmSpec } from '@durastack/activities/compute/vm-rows';
import { mariadbUrl } from '@durastack/cli/parts/mariadb';
import type { VmSpec } from '@durastack/contracts/agent/specs';
import type { AgentToken } from '@durastack/contracts/agent/token';
import { asDurastackError } from '@durastack/contracts/errors';
import type { AgentClient } from '@durastack/kit/agent-client/agent-client';
import { connectDatabase } from '@durastack/store/database/data-source';
import { autocommit } from '@durastack/store/database/transaction';
import { controlEpoch } from '@durastack/store/operations/settings';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAgents } from '../chaos/agents.js';
import { killControlPlane, startControlPlane } from './control-plane.js';
import { HaLab } from './ha-lab.js';
import { dura, LAB_TIMEOUT_MS, useLab, type LabFixture, type LabVm } from './use-lab.js';

const LIMIT_MS = 600_000;
const CUT = 'host-2';
const SYSTEMCTL = '/usr/local/sbin/systemctl';
/** Later than every step of a run that goes forward. */
const LAST_STEP = 999;

let lab: LabFixture;
let ha: HaLab;
let source: DataSource;
let agents: AgentClient;
beforeAll(async () => {
  lab = await useLab({ ceph: true });
  ha = await HaLab.of(lab);
  source = await connectDatabase({ url: mariadbUrl(lab.lab.home.mariadb), poolSize: 2 });
  agents = await connectAgents(source, lab.lab.home.dataKeyFile);
}, LAB_TIMEOUT_MS);
afterAll(async () => {
  await agents?.close();
  await source?.destroy();
  await ha?.off();
  await lab?.release();
}, LAB_TIMEOUT_MS);

/** Everything that the worker had in its hands when it was about to start a machine on that host. */
interface LateStart {
  readonly spec: VmSpec;
  readonly token: AgentToken;
  readonly host: { readonly id: string; readonly url: string; readonly bootId: string };
}

async function prepareLateStart({ id }: LabVm): Promise<LateStart> {
  const db = autocommit(source);
  const { spec, hostId } = await readVmSpec(db, openSecretBox(lab.lab.home.dataKeyFile), id);
  const [run] = await db.query<{ generation: number }>(
    `SELECT MAX(r.generation) AS generation FROM operation_run r JOIN operation o ON o.id = r.operation_id WHERE o.resource_id = ?`,
    [id],
  );
  const [host] = await db.query<{ url: string; bootId: string }>(
    'SELECT agent_url AS url, boot_id AS bootId FROM host WHERE id = ?',
    [hostId],
  );
  const token = { controlEpoch: await controlEpoch(db), generation: Number(run?.generation), step: LAST_STEP };
  return { spec, token, host: { id: hostId, url: host!.url, bootId: host!.bootId } };
}

/** What becomes of it when it arrives now. */
async function arrive({ spec, token, host }: LateStart): Promise<string> {
  try {
    await agents.call(host, 'ensureVmRunning', { vm: spec }, { token, timeoutMs: 3_000 });
    return 'started';
  } catch (error) {
    return asDurastackError(error).code;
  }
}

it('a machine never runs twice, whatever comes back late', { timeout: LIMIT_MS }, async () => {
  // On Ceph no lock of an image keeps a second starter out.
  const vm = await ha.deploy(CUT, 'never-twice', { pool: 'ceph' });
  const { nonce } = await lab.counter(vm);
  const late = await prepareLateStart(vm);
  await lab.exec(CUT, [SYSTEMCTL, 'kill', '--signal=SIGSTOP', 'durastack-agent']);
  await lab.kill(CUT, '--network');
  await ha.until(CUT, 'Fenced');
  expect(lab.witness.copies(vm.id).length).toBeLessThanOrEqual(1);
  const heard: string[] = [];
  let isBack = false;
  const arrivals = (async () => {
    while (!isBack) heard.push(await arrive(late));
  })();
  killControlPlane(lab);
  await startControlPlane(lab);
  await dura(lab.lab.home.root, ['lab', 'heal', CUT]);
  await ha.untilElsewhere(vm, [CUT], nonce);
  await ha.until(CUT, 'Available');
  isBack = true;
  await arrivals;
  heard.push(await arrive(late));
  process.stdout.write(`a late start: ${[...new Set(heard)].join(', ')}\n`);
  expect(heard).not.toContain('started');
  expect(heard.at(-1)).not.toBe('HOST_UNREACHABLE');
  expect(await lab.domains(CUT)).toEqual([]);
  expect(lab.witness.violations).toEqual([]);
  await lab.expectClean();
});
