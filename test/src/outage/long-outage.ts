/**
 * `node test/dist/outage/long-outage.js [--minutes 5] [--hosts 100]`: API, worker and MariaDB away for minutes each,
 * paused and killed, under simulated hosts with the default interval of heartbeats and HA enabled, two of them with
 * controllers that say off. Prints one line for each outage; exit code 1 when a host was declared down or fenced.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeBasis } from '../support/basis.js';
import { startCloud } from '../support/cloud.js';
import { startRedfish } from '../oobm/controllers.js';
import { addHosts, ALL_OUTAGES, allHeard, declaredSilent, enableHa, fencings, hostStates, suffer } from './outages.js';

const HEARTBEAT_MS = 5_000;
const WINDOW_MS = 3 * HEARTBEAT_MS;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, hosts: { type: 'string', default: '100' } },
});
const [minutes, hosts] = [Number(values.minutes), Number(values.hosts)];
const say = (line: string) => process.stdout.write(`${line}\n`);

const controllers = [await startRedfish(), await startRedfish()];
const cloud = await startCloud({
  privateDatabase: true,
  settings: { DURASTACK_HEARTBEAT_INTERVAL_MS: String(HEARTBEAT_MS) },
});
try {
  const basis = await makeBasis(cloud);
  await addHosts(cloud, basis, hosts - basis.hostIds.length);
  await allHeard(cloud, WINDOW_MS);
  await enableHa(cloud, controllers);
  say(`${hosts} hosts are up; each outage lasts ${minutes} minutes, the detection window is ${WINDOW_MS / 1_000} s`);
  for (const outage of ALL_OUTAGES) {
    await suffer(cloud, outage, minutes * MINUTE_MS);
    const backAt = performance.now();
    await allHeard(cloud, WINDOW_MS);
    const heardAfterS = ((performance.now() - backAt) / 1_000).toFixed(1);
    await sleep(2 * WINDOW_MS);
    const states = JSON.stringify(await hostStates(cloud));
    say(
      `${outage.part} ${outage.how}: all heard ${heardAfterS} s after it was back, hosts ${states}, declared silent ${declaredSilent(cloud)}, fenced ${await fencings(cloud)}`,
    );
  }
  process.exitCode = declaredSilent(cloud) === 0 && (await fencings(cloud)) === 0 ? 0 : 1;
} finally {
  await cloud.stop();
  await Promise.all(controllers.map((controller) => controller.stop()));
}
