import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { connect } from 'node:net';
import type { Heartbeat } from '@durastack/contracts/agent/wire';
import { CONTROL_PLANE_NAME } from '@durastack/contracts/agent/wire';
import { newId } from '@durastack/kit/ids/new-id';
import {
  createAuthority,
  createHostCsr,
  issueControlPlaneCertificate,
  newSerial,
  signHostCsr,
  type KeyAndCertificate,
} from '@durastack/kit/tls/certificate-authority';
import { loadCertificateAuthority } from '@durastack/store/infra/certificate-authority';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeBelongings, makePlace, type Belongings, type Place } from '../testing/fixture.js';
import { startTestApi, type TestApi } from '../testing/test-api.js';
import { startIntake, type Intake } from './intake-server.js';

let t: TestApi;
let intake: Intake;
let authority: KeyAndCertificate;
let place: Place;
let belongings: Belongings;
let host: KeyAndCertificate;

beforeAll(async () => {
  t = await startTestApi();
  intake = await startIntake(t.api.platform, { host: '127.0.0.1', port: 0 });
  authority = await loadCertificateAuthority(t.db.source, t.api.platform.secrets);
});
beforeEach(async () => {
  place = await makePlace(t);
  belongings = await makeBelongings(t, place, await t.account(`owner-${randomBytes(4).toString('hex')}`));
  await t.db.source.query('UPDATE virtual_machine SET operation_id = NULL WHERE id = ?', [belongings.vmId]);
  host = await certificateOf(place.hostId, 1);
});
afterAll(async () => {
  await intake.close();
  await t.stop();
});

/** A host's certificate, recorded as its present one. */
async function certificateOf(hostId: string, incarnation: number): Promise<KeyAndCertificate> {
  const serial = newSerial();
  const { csrPem, privateKeyPem } = await createHostCsr(hostId);
  const certificatePem = await signHostCsr(authority, csrPem, { hostId, incarnation, serial });
  await t.db.source.query('UPDATE host SET incarnation = ?, certificate_serial = ? WHERE id = ?', [
    incarnation,
    serial,
    hostId,
  ]);
  return { certificatePem, privateKeyPem };
}

let sequence = 0;
function beat(changes: Partial<Heartbeat> = {}): Heartbeat {
  sequence += 1;
  return {
    hostId: place.hostId,
    incarnation: 1,
    sequence,
    facts: {
      hypervisor: 'Simulator',
      accelerator: 'none',
      hypervisorVersion: '9.0',
      agentVersion: '0.1.0',
      bootId: 'boot-1',
      cpuCount: 16,
      cpuMhz: 2500,
      memoryMib: 32_768,
    },
    full: true,
    vms: [{ id: belongings.vmId, domainName: 'x', power: 'running' }],
    ...changes,
  };
}

type Reply = { status: number; body: Record<string, unknown> } | 'closed';

function send(
  body: unknown,
  identity: Partial<KeyAndCertificate> = host,
  path = '/agent/v1/heartbeat',
): Promise<Reply> {
  return new Promise((resolve) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: intake.port,
        method: 'POST',
        path,
        servername: CONTROL_PLANE_NAME,
        ca: authority.certificatePem,
        cert: identity.certificatePem,
        key: identity.privateKeyPem,
        agent: false,
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }),
        );
      },
    );
    call.on('error', () => resolve('closed'));
    call.end(JSON.stringify(body));
  });
}

async function row(table: string, id: string): Promise<Record<string, unknown>> {
  const rows = (await t.db.source.query(`SELECT * FROM ${table} WHERE id = ?`, [id])) as Record<string, unknown>[];
  return rows[0] ?? {};
}

describe('a heartbeat', () => {
  it('records facts, use, pools and the time', async () => {
    const usage = { cpuPercent: 33.5, memoryUsedMib: 2048 };
    const pools = [{ id: place.poolId, capacityBytes: 1000, availableBytes: 400 }];
    expect(await send(beat({ usage, pools }))).toEqual({
      status: 200,
      body: { intervalMs: 5000, wantFull: false },
    });
    expect(await row('host', place.hostId)).toMatchObject({
      cpu_count: 16,
      memory_mib: 32_768,
      boot_id: 'boot-1',
      cpu_percent_used: 33.5,
      memory_mib_used: 2048,
    });
    expect(await row('storage_pool', place.poolId)).toMatchObject({ capacity_bytes: 1000, used_bytes: 600 });
  });

  it('brings a disconnected host up again', async () => {
    await t.db.source.query("UPDATE host SET state = 'Disconnected' WHERE id = ?", [place.hostId]);
    await send(beat());
    expect(await row('host', place.hostId)).toMatchObject({ state: 'Up' });
  });

  it('records the power of machines that are on the host, at once', async () => {
    await send(beat({ full: false, vms: [{ id: belongings.vmId, domainName: 'x', power: 'off' }] }));
    expect(await row('virtual_machine', belongings.vmId)).toMatchObject({ observed_power: 'off', state: 'Running' });
  });

  it('says nothing about machines that are elsewhere', async () => {
    const other = await makeBelongings(
      t,
      await makePlace(t),
      await t.account(`owner-${randomBytes(4).toString('hex')}`),
    );
    await send(beat({ vms: [{ id: other.vmId, domainName: 'x', power: 'off' }] }));
    expect(await row('virtual_machine', other.vmId)).toMatchObject({ observed_power: 'running' });
  });

  it('that is full makes absent what it does not name', async () => {
    await send(beat({ vms: [] }));
    expect(await row('virtual_machine', belongings.vmId)).toMatchObject({ observed_power: 'absent' });
  });

  it('that was under way while an operation started the machine changes nothing, and is asked for again', async () => {
    await t.db.source.query('UPDATE virtual_machine SET observed_at = NOW(3) WHERE id = ?', [belongings.vmId]);
    expect(await send(beat({ vms: [] }))).toMatchObject({ body: { wantFull: true } });
    expect(await row('virtual_machine', belongings.vmId)).toMatchObject({ observed_power: 'running' });
  });

  it('is asked for in full after a gap', async () => {
    await send(beat());
    const next = beat({ full: false, vms: [] });
    expect(await send(next)).toMatchObject({ body: { wantFull: false } });
    expect(await send(beat({ full: false, vms: [], sequence: next.sequence + 5 }))).toMatchObject({
      body: { wantFull: true },
    });
  });

  it('is written with many others at once', async () => {
    const hosts = await Promise.all(Array.from({ length: 20 }, () => makePlace(t)));
    const identities = await Promise.all(hosts.map((one) => certificateOf(one.hostId, 1)));
    const replies = await Promise.all(
      hosts.map((one, index) => send(beat({ hostId: one.hostId, vms: [] }), identities[index])),
    );
    expect(replies.every((reply) => reply !== 'closed' && reply.status === 200)).toBe(true);
    for (const one of hosts) expect(await row('host', one.hostId)).toMatchObject({ cpu_count: 16 });
  });

  it('is heard of every host though hundreds connect at the same moment, and strangers among them say nothing', async () => {
    const strangers = Array.from({ length: 100 }, () => connect({ host: '127.0.0.1', port: intake.port }));
    try {
      const replies = await Promise.all(Array.from({ length: 200 }, () => send(beat())));
      expect(replies.filter((reply) => reply === 'closed' || reply.status !== 200)).toEqual([]);
    } finally {
      for (const stranger of strangers) stranger.destroy();
    }
  });

  it('that is malformed is refused', async () => {
    expect(await send({ ...beat(), facts: undefined })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_INPUT' },
    });
  });

  it('keeps the lease by which silence is judged', async () => {
    const isHeld = async () => {
      const rows = await t.db.source.query("SELECT expires_at > NOW(3) AS held FROM lease WHERE name = 'intake'");
      return Number((rows as { held: unknown }[])[0]?.held);
    };
    // A busy machine may be late with it, and says then that nothing is to be judged.
    await expect.poll(isHeld, { timeout: 10_000 }).toBe(1);
  });
});

describe('nobody else is heard', () => {
  const refused: [what: string, attempt: () => Promise<Reply>][] = [
    ['no certificate', () => send(beat(), {})],
    [
      'a certificate of another authority',
      async () => {
        const rogue = await createAuthority('rogue');
        const { csrPem, privateKeyPem } = await createHostCsr(place.hostId);
        const certificatePem = await signHostCsr(rogue, csrPem, {
          hostId: place.hostId,
          incarnation: 1,
          serial: newSerial(),
        });
        return send(beat(), { certificatePem, privateKeyPem });
      },
    ],
    ['the certificate of the control plane', async () => send(beat(), await issueControlPlaneCertificate(authority))],
    ['a host that reports for another', async () => send(beat({ hostId: (await makePlace(t)).hostId }))],
    [
      'a host that does not exist',
      async () => {
        const hostId = newId();
        return send(beat({ hostId }), await certificateOf(hostId, 1));
      },
    ],
    [
      'an earlier incarnation',
      async () => {
        await certificateOf(place.hostId, 2);
        return send(beat());
      },
    ],
    [
      'a revoked certificate',
      async () => {
        await t.db.source.query('UPDATE host SET certificate_serial = NULL WHERE id = ?', [place.hostId]);
        return send(beat());
      },
    ],
    ['another path', () => send(beat(), host, '/agent/v1/anything')],
  ];
  it.each(refused)('%s', async (_what, attempt) => {
    const before = (await row('host', place.hostId))['last_heartbeat_at'];
    expect(await attempt()).toBe('closed');
    expect((await row('host', place.hostId))['last_heartbeat_at']).toEqual(before);
  });
});
