import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { checkPeer } from './check-peer.js';

const context = () => ({ signal: AbortSignal.timeout(10_000) });
const hostId = '00000000-0000-4000-8000-000000000001';

it('sees an agent that listens, and a machine whose agent does not', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const url = `agent://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await checkPeer({ hostId, url }, context())).toEqual({ sees: 'agent' });
  await new Promise((done) => server.close(done));
  expect(await checkPeer({ hostId, url }, context())).toEqual({ sees: 'machine' });
});

it('says when it cannot look, instead of that there is nothing', async () => {
  await expect(checkPeer({ hostId, url: 'agent://no-such-host.invalid:1' }, context())).rejects.toThrow(
    /could not be tried from here/,
  );
});
