import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listHostsMetrics } from '@durastack/contracts/infra/list-hosts-metrics';
import { autocommit } from '@durastack/store/database/transaction';
import { countMachines, type MachineCount } from '@durastack/store/infra/host-sums';
import { offsetPage, runList, type ListPage } from '@durastack/store/lists/engine/run-list';
import { hosts } from '@durastack/store/lists/infra/hosts.list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { ghz, gib, ofAll } from '../face/metric-texts.js';
import { Platform } from '../platform.js';

type Item = ResultOf<typeof listHostsMetrics>;
type Host = ResultOf<typeof hosts.command>;

const NO_MACHINES: MachineCount = { running: 0, all: 0 };

/** Lists hosts, and adds their amounts in other units and their machines. */
@Handles(listHostsMetrics)
export class ListHostsMetricsHandler implements CommandHandler<typeof listHostsMetrics> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listHostsMetrics>): Promise<ListPage<Item>> {
    const tx = autocommit(this.platform.database);
    const found = await runList(tx, hosts, call.caller, { params, page: call.page ?? offsetPage(params) });
    const machines = await countMachines(
      tx,
      found.items.map(({ id }) => id),
    );
    return { ...found, items: found.items.map((host) => ({ ...host, ...metricsOf(host, machines.get(host.id)) })) };
  }
}

function metricsOf(host: Host, { running, all }: MachineCount = NO_MACHINES): Omit<Item, keyof Host> {
  const { cpuNumber, cpuSpeed, cpuUsed, memoryUsed, outOfBandManagement } = host;
  const mhz = cpuNumber * cpuSpeed;
  return {
    ...(outOfBandManagement && { powerState: outOfBandManagement.powerState }),
    instances: ofAll(running, all),
    cpuTotalGhz: ghz(mhz),
    cpuAllocatedGhz: ghz(host.cpuAllocatedValue),
    // It reads `12.50%`.
    ...(cpuUsed !== undefined && { cpuUsedGhz: ghz((mhz * Number.parseFloat(cpuUsed)) / 100) }),
    memoryTotalGb: gib(host.memoryTotal),
    memoryAllocatedGb: gib(host.memoryAllocated),
    ...(memoryUsed !== undefined && { memoryUsedGb: gib(memoryUsed) }),
  };
}
