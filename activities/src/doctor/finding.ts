import { FINDING_KINDS, type FindingKindName } from './finding-kinds.js';

/** What a finding is about: a resource, or a part of the control plane itself. */
export interface FindingSubject {
  readonly type: string;
  readonly id: string;
}

/** One way in which database, Temporal and hosts disagree. */
export interface Finding {
  /** The same for the same disagreement, however often it is looked for: `kind:type/id`, with `@place` when needed. */
  readonly id: string;
  readonly kind: FindingKindName;
  readonly severity: 'error' | 'warning';
  readonly resource: FindingSubject;
  /** In which part it shows: `database`, `Temporal`, `host web-3`, `pool nfs-1`. */
  readonly where: string;
  /** One sentence with names and values. */
  readonly what: string;
  /** Since when, as far as rows tell; null when they do not. */
  readonly since: Date | null;
  readonly likelyCause: string;
  readonly fix: { readonly description: string; readonly automatic: boolean };
  /** What the fix needs: ids, never a secret. */
  readonly details: Readonly<Record<string, string>>;
  /** Things whose operations, if one is under way, explain the finding. */
  readonly touches: readonly FindingSubject[];
}

/** What a check says of a finding; the rest follows from its kind. */
export interface Observation {
  readonly resource: FindingSubject;
  readonly where: string;
  readonly what: string;
  readonly since?: Date | null;
  /** Tells findings of one kind on one resource apart, e.g. by host. */
  readonly place?: string;
  readonly details?: Readonly<Record<string, string>>;
  /** Default: the resource alone. Empty: no operation explains this. */
  readonly touches?: readonly FindingSubject[];
}

/** Makes a finding. */
export function finding(kind: FindingKindName, seen: Observation): Finding {
  const { severity, likelyCause, fix, automatic } = FINDING_KINDS[kind];
  const { resource, where, what } = seen;
  const place = seen.place === undefined ? '' : `@${seen.place}`;
  return {
    id: `${kind}:${resource.type}/${resource.id}${place}`,
    ...{ kind, severity, resource, where, what, likelyCause },
    since: seen.since ?? null,
    fix: { description: fix, automatic },
    details: seen.details ?? {},
    touches: seen.touches ?? [resource],
  };
}

/** The key of a subject. */
export const subjectKey = ({ type, id }: FindingSubject): string => `${type}/${id}`;
