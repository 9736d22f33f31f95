/**
 * `node test/dist/outage/long-outage.js [--minutes 5] [--hosts 100]`: API, worker and MariaDB away for minutes each,
 * paused and killed, under simulated hosts with the default interval of heartbeats. Prints one line for each outage;
 * exit code 1 when a host was declared down.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeBasis } from '../support/basis.js';
import { startCloud } from '../support/cloud.js';
import { addHosts, ALL_OUTAGES, allHeard, declaredSilent, hostStates, suffer } from './outages.js';

const HEARTBEAT_MS = 5_000;
const WINDOW_MS = 3 * HEARTBEAT_MS;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, hosts: { type: 'string', default: '100' } },
});
const [minutes, hosts] = [Number(values.minutes), Number(values.hosts)];
const say = (line: string) => process.stdout.write(`${line}\n`);

const cloud = await startCloud({
  privateDatabase: true,
  settings: { DURASTACK_HEARTBEAT_INTERVAL_MS: String(HEARTBEAT_MS) },
});
try {
  const basis = await makeBasis(cloud);
  await addHosts(cloud, basis, hosts - basis.hostIds.length);
  await allHeard(cloud, WINDOW_MS);
  say(`${hosts} hosts are up; each outage lasts ${minutes} minutes, the detection window is ${WINDOW_MS / 1_000} s`);
  for (const outage of ALL_OUTAGES) {
    await suffer(cloud, outage, minutes * MINUTE_MS);
    const backAt = performance.now();
    await allHeard(cloud, WINDOW_MS);
    const heardAfterS = ((performance.now() - backAt) / 1_000).toFixed(1);
    await sleep(2 * WINDOW_MS);
    const states = JSON.stringify(await hostStates(cloud));
    say(
      `${outage.part} ${outage.how}: all heard ${heardAfterS} s after it was back, hosts ${states}, declared silent ${declaredSilent(cloud)}`,
    );
  }
  process.exitCode = declaredSilent(cloud) === 0 ? 0 : 1;
} finally {
  await cloud.stop();
}
