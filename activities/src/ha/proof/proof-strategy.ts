/** What every way of obtaining proof is: it acts on a silent host, and says what it has seen. Judging is the model's. */
import type { StepRef } from '@durastack/contracts/operations/step';
import type { ProofEvidence, SuspectDisk } from '@durastack/model/ha/proof-evidence';

/** A host whose machines are to be proven dead. */
export interface SuspectHost {
  readonly id: string;
  readonly name: string;
  /** The last sign of life, by the database's clock; null: none is known. */
  readonly lastSignMs: number | null;
  /** Disks of its machines that lack proof. */
  readonly disks: readonly SuspectDisk[];
}

/** One way. */
export interface ProofStrategy {
  /**
   * Does what it takes, as far as that comes about in half a minute, and tells what is seen now. Called again and again,
   * by any run of the operation, until the machines are proven dead or given up. What is in the way is told as trouble
   * in the evidence, not thrown.
   */
  gather(host: SuspectHost, step: StepRef): Promise<Partial<ProofEvidence>>;
  /**
   * Takes back what it did. `wholly`: no machine of the host was started elsewhere, so that there is nothing to wait for.
   *
   * @returns what that waits for, for people; undefined: it is done
   */
  release(hostId: string, step: StepRef, how: ReleaseHow): Promise<string | undefined>;
}

/** See {@link ProofStrategy.release}. */
export interface ReleaseHow {
  readonly wholly: boolean;
}
