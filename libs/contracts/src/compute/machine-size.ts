/** Sizes of machines: what an offering says of them, and what is chosen for each machine where it leaves them open. */
import { DurastackError } from '../errors.js';

/** The least and the most of any machine. */
export const SIZE_LIMITS = {
  cpuNumber: { min: 1, max: 512 },
  cpuSpeed: { min: 1, max: 100_000 },
  memoryMib: { min: 16, max: 16_777_216 },
} as const;

/** What an offering says; null: each machine chooses, between the bounds where there are any. */
export interface OfferedSize {
  readonly name: string;
  readonly vcpus: number | null;
  readonly cpuMhz: number | null;
  readonly memoryMib: number | null;
  readonly minVcpus: number | null;
  readonly maxVcpus: number | null;
  readonly minMemoryMib: number | null;
  readonly maxMemoryMib: number | null;
}

/** The size of a machine. */
export interface ChosenSize {
  readonly vcpus: number;
  readonly cpuMhz: number;
  readonly memoryMib: number;
}

/** What a call chooses, by the names of {@link SIZE_DETAILS}; texts, as details are. */
export type SizeChoice = Readonly<Partial<Record<SizeDetail, string>>>;

/** Details of calls that choose a size, as CloudStack's clients name them; `memory` in MiB. */
const SIZE_DETAILS = ['cpuNumber', 'cpuSpeed', 'memory'] as const;
type SizeDetail = (typeof SIZE_DETAILS)[number];

/** Takes those that choose a size out of a call's details; they are found without case. */
export function splitDetails(details: Readonly<Record<string, string>> = {}): {
  readonly size: SizeChoice;
  readonly free: Readonly<Record<string, string>>;
} {
  const size: Partial<Record<SizeDetail, string>> = {};
  const free: [string, string][] = [];
  for (const [name, value] of Object.entries(details)) {
    const detail = SIZE_DETAILS.find((known) => known.toLowerCase() === name.toLowerCase());
    if (detail === undefined) free.push([name, value]);
    else size[detail] = value;
  }
  return { size, free: Object.fromEntries(free) };
}

/**
 * The size of a machine of an offering.
 *
 * @throws DurastackError INVALID_INPUT when what the offering leaves open is missing or out of its bounds, or when another
 *   size is chosen than the offering has
 */
export function sizeOf(offered: OfferedSize, choice: SizeChoice = {}): ChosenSize {
  const { cpuNumber, cpuSpeed, memoryMib } = SIZE_LIMITS;
  const processors = { min: offered.minVcpus ?? cpuNumber.min, max: offered.maxVcpus ?? cpuNumber.max };
  const memory = { min: offered.minMemoryMib ?? memoryMib.min, max: offered.maxMemoryMib ?? memoryMib.max };
  const one = (detail: SizeDetail, fixed: number | null, bounds: Bounds) =>
    chosen({ offering: offered.name, detail, fixed, bounds }, choice[detail]);
  return {
    vcpus: one('cpuNumber', offered.vcpus, processors),
    cpuMhz: one('cpuSpeed', offered.cpuMhz, cpuSpeed),
    memoryMib: one('memory', offered.memoryMib, memory),
  };
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

interface Dimension {
  readonly offering: string;
  readonly detail: SizeDetail;
  readonly fixed: number | null;
  readonly bounds: Bounds;
}

function chosen({ offering, detail, fixed, bounds: { min, max } }: Dimension, text: string | undefined): number {
  const value = text !== undefined && /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined;
  if (fixed !== null) {
    if (text === undefined || value === fixed) return fixed;
    throw new DurastackError(
      'INVALID_INPUT',
      `Machines of the service offering ${offering} have a ${detail} of ${fixed}; leave it out of details, or choose another offering.`,
    );
  }
  if (value !== undefined && value >= min && value <= max) return value;
  throw new DurastackError(
    'INVALID_INPUT',
    `The service offering ${offering} leaves ${detail} open: give it in details, a whole number from ${min} to ${max}.`,
  );
}
