import type { ParamsOf, ResultOf } from '@durastack/contracts/command';
import { listVirtualMachinesMetrics } from '@durastack/contracts/compute/list-virtual-machines-metrics';
import { autocommit } from '@durastack/store/database/transaction';
import { readMachineUse, type MachineUse } from '@durastack/store/infra/host-usage';
import { virtualMachines } from '@durastack/store/lists/compute/virtual-machines.list';
import { offsetPage, runList, type ListPage } from '@durastack/store/lists/engine/run-list';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import type { Call } from '../face/call.js';
import { gib, percent } from '../face/metric-texts.js';
import { Platform } from '../platform.js';

type Item = ResultOf<typeof listVirtualMachinesMetrics>;
const KIB_OF_MIB = 1_024;
const MIB = 1_024 ** 2;

/** Lists machines, and adds what their hosts measured. */
@Handles(listVirtualMachinesMetrics)
export class ListVirtualMachinesMetricsHandler implements CommandHandler<typeof listVirtualMachinesMetrics> {
  constructor(private readonly platform: Platform) {}

  async execute(call: Call, params: ParamsOf<typeof listVirtualMachinesMetrics>): Promise<ListPage<Item>> {
    const tx = autocommit(this.platform.database);
    const page = call.page ?? offsetPage(params);
    const found = await runList(tx, virtualMachines, call.caller, { params, page });
    const use = await readMachineUse(
      tx,
      found.items.map(({ id }) => id),
    );
    return { ...found, items: found.items.map((item) => ({ ...item, ...metricsOf(item, use.get(item.id)) })) };
  }
}

function metricsOf(
  { cpuNumber, cpuSpeed, memory }: Pick<Item, 'cpuNumber' | 'cpuSpeed' | 'memory'>,
  use: MachineUse | undefined,
): Omit<Item, keyof ResultOf<typeof virtualMachines.command>> {
  return {
    cpuTotal: `${((cpuNumber * cpuSpeed) / 1_000).toFixed(1)} Ghz`,
    memoryTotal: gib(memory * MIB),
    memoryTargetKbs: memory * KIB_OF_MIB,
    ...(use && {
      cpuUsed: percent(use.processors, cpuNumber),
      memoryKbs: use.memoryMib * KIB_OF_MIB,
    }),
  };
}
