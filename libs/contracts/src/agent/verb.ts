/** How a verb of the host agent is declared. */
import { z } from 'zod';

/** A verb's declaration. */
export interface Verb<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  readonly description: string;
  readonly params: P;
  readonly result: R;
  /**
   * How its token is judged. `exclusive`: refused when older than the newest seen for the resource, and raises it.
   * `shared`: many operations may ensure the same thing at once; refused only when older than the newest
   * exclusive one (a removal). `read`: changes nothing and carries no token.
   */
  readonly token: 'exclusive' | 'shared' | 'read';
  /** Which thing the token guards, e.g. `virtual-machine:<id>`. Reads have none. */
  readonly resource?: (params: z.infer<P>) => string;
  /** Takes longer than a few seconds: runs as a persistent task on the host. */
  readonly long?: boolean;
  /** What a long one says of itself when others can go on beside it: whoever asks meanwhile is answered at once. */
  readonly landmark?: string;
}

/** Keeps the types of a declaration's schemas. */
export const verb = <P extends z.ZodType, R extends z.ZodType>(v: Verb<P, R>): Verb<P, R> => v;

/** The result of verbs that have none. */
export const nothing = z.object({});
