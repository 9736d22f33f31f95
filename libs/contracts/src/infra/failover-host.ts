/** A host with what is free of it, and what its machines with HA would need elsewhere. */
export interface FailoverHost {
  readonly id: string;
  readonly name: string;
  readonly clusterId: string;
  readonly clusterName: string;
  /** Whether it answers and takes machines. */
  readonly usable: boolean;
  readonly cpuMhzFree: number;
  readonly memoryMibFree: number;
  readonly haCpuMhz: number;
  readonly haMemoryMib: number;
}
