/**
 * A tour of the REST face with a client that is made from its own description: pages, filters, problems, a request that
 * is repeated, and an operation that is watched to its end. docs/clients.md says how to run it.
 */
import { randomUUID } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { components, paths } from './durastack.js';

type Operation = components['schemas']['Operation'];

const { CLOUDSTACK_ENDPOINT, CLOUDSTACK_KEY, CLOUDSTACK_SECRET } = process.env;
const api = createClient<paths>({
  baseUrl: new URL('/api/v1', CLOUDSTACK_ENDPOINT).href,
  headers: { Authorization: `Bearer ${CLOUDSTACK_KEY}:${CLOUDSTACK_SECRET}` },
});

/** What a call answered, or the problem that it was refused for. */
async function ok<T>(call: Promise<{ data?: T; error?: { code: string; detail: string } }>): Promise<T> {
  const { data, error } = await call;
  if (error) throw new Error(`${error.code}: ${error.detail}`);
  return data as T;
}

/** Asks for the events of an operation and gives it as it ended. */
async function watch({ id }: Operation): Promise<{ operation: Operation; events: number }> {
  const { data } = await api.GET('/operations/{id}/events', { params: { path: { id } }, parseAs: 'stream' });
  let text = '';
  for await (const part of data!.pipeThrough(new TextDecoderStream()) as unknown as AsyncIterable<string>) text += part;
  const events = text.split('\n').filter((line) => line.startsWith('data: '));
  return { operation: JSON.parse(events.at(-1)!.slice('data: '.length)) as Operation, events: events.length };
}

const [zone] = (await ok(api.GET('/zones'))).items;
const [template] = (await ok(api.GET('/templates', { params: { query: { templateFilter: 'executable' } } }))).items;
const [network] = (await ok(api.GET('/networks'))).items;
const [size] = (await ok(api.GET('/service-offerings', { params: { query: { name: 'Tiny Instance' } } }))).items;

/** Asks for a machine. The same key twice: one machine. */
const deploy = (name: string, key: string) =>
  ok(
    api.POST('/virtual-machines', {
      params: { header: { 'Idempotency-Key': key } },
      body: {
        name,
        zoneId: zone!.id,
        templateId: template!.id,
        serviceOfferingId: size!.id,
        networkIds: [network!.id],
        tags: { tour: 'yes' },
      },
    }),
  );

const key = randomUUID();
const accepted = await deploy('tour-1', key);
const repeated = await deploy('tour-1', key);
const others = await Promise.all(['tour-2', 'tour-3'].map((name) => deploy(name, randomUUID())));
const watched = await watch(accepted);
for (const other of others) await watch(other);

/** All machines of the tour, two on a page. */
const machines: components['schemas']['VirtualMachine'][] = [];
let pages = 0;
for (let cursor: string | undefined; pages === 0 || cursor !== undefined; pages += 1) {
  const query = { limit: 2, tags: { tour: 'yes' }, ...(cursor === undefined ? {} : { cursor }) };
  const page = await ok(api.GET('/virtual-machines', { params: { query } }));
  machines.push(...page.items);
  cursor = page.nextCursor;
}

const stopped = await ok(api.GET('/virtual-machines', { params: { query: { state: 'Stopped' } } }));
const missing = await api.GET('/virtual-machines/{id}', { params: { path: { id: randomUUID() } } });

for (const { id } of machines) {
  const params = { path: { id } };
  await watch(await ok(api.POST('/virtual-machines/{id}/destroy', { params, body: { expunge: true } })));
}
const left = await ok(api.GET('/virtual-machines', { params: { query: { tags: { tour: 'yes' } } } }));

console.log(
  JSON.stringify({
    deployed: watched.operation.state,
    events: watched.events,
    sameOperation: accepted.id === repeated.id,
    names: machines.map(({ name }) => name).sort(),
    states: [...new Set(machines.map(({ state }) => state))],
    pages,
    stopped: stopped.items.length,
    problem: [missing.response.status, missing.error?.code],
    left: left.items.length,
  }),
);
