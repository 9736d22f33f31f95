/** What Open vSwitch's database says of bridges and their ports, read from `ovs-vsctl --format=json`. */

/** An interface. */
export interface OvsInterface {
  readonly name: string;
  /** OpenFlow port number; undefined while the switch has none for it. */
  readonly number: number | undefined;
  /** Why the switch could not make it. */
  readonly error: string | undefined;
  readonly ids: ReadonlyMap<string, string>;
}

/** A bridge. */
export interface OvsBridge {
  readonly name: string;
  /** `netdev` for the datapath in user space. */
  readonly datapathType: string;
  readonly ids: ReadonlyMap<string, string>;
  /** Of all its ports, without its local one. */
  readonly interfaces: readonly OvsInterface[];
}

/** Arguments of `ovs-vsctl` that print what {@link parseBridges} reads: one table after the other, one line each. */
export const LIST_BRIDGES: readonly string[] = [
  ...['--format=json', '--', '--columns=name,datapath_type,external_ids,ports', 'list', 'bridge'],
  ...['--', '--columns=_uuid,interfaces', 'list', 'port'],
  ...['--', '--columns=_uuid,name,ofport,error,external_ids', 'list', 'interface'],
];

/** A table: values are plain, or `[kind, content]`; a set of one is plain. */
interface JsonTable {
  readonly data: readonly (readonly unknown[])[];
}

/** Reads the output of {@link LIST_BRIDGES}. */
export function parseBridges(text: string): OvsBridge[] {
  const [bridges, ports, interfaces] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as JsonTable).data);
  const byId = new Map(
    (interfaces ?? []).map(([id, name, number, error, ids]) => [
      uuidOf(id),
      {
        name: String(name),
        number: typeof number === 'number' && number > 0 ? number : undefined,
        error: typeof error === 'string' && error !== '' ? error : undefined,
        ids: mapOf(ids),
      },
    ]),
  );
  const ofPort = new Map((ports ?? []).map(([id, content]) => [uuidOf(id), setOf(content).map(uuidOf)]));
  return (bridges ?? []).map(([name, datapathType, ids, content]) => ({
    name: String(name),
    datapathType: String(datapathType),
    ids: mapOf(ids),
    interfaces: setOf(content)
      .flatMap((port) => ofPort.get(uuidOf(port)) ?? [])
      .flatMap((id) => byId.get(id) ?? [])
      .filter((found) => found.name !== name),
  }));
}

function uuidOf(value: unknown): string {
  return (value as readonly [string, string])[1];
}

function mapOf(value: unknown): ReadonlyMap<string, string> {
  return new Map((value as readonly [string, readonly [string, string][]])[1]);
}

function setOf(value: unknown): readonly unknown[] {
  const [kind, content] = value as readonly [string, readonly unknown[]];
  return kind === 'set' ? content : [value];
}
