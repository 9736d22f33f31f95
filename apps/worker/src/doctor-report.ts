/** What `dura doctor` prints. */
import type { Diagnosis } from '@durastack/activities/doctor/diagnose';
import type { Finding } from '@durastack/activities/doctor/finding';
import type { TreatmentResult } from '@durastack/activities/doctor/treat';

/** A check with what was mended before it. */
export interface DoctorReport {
  readonly checkedAt: Date;
  readonly diagnosis: Diagnosis;
  /** With `--fix` alone. */
  readonly treated?: readonly TreatmentResult[];
  /** Ids of the findings that the treatment began with, by id. */
  readonly before?: ReadonlyMap<string, Finding>;
}

/** Exit codes: `clean`, `findings` remain, `unchecked`: a part could not be looked at. */
export const EXIT = { clean: 0, findings: 1, unchecked: 2 } as const;

/** The exit code that a report means. */
export function exitCodeOf({ findings, comparedTemporal }: Diagnosis): number {
  if (!comparedTemporal) return EXIT.unchecked;
  return findings.length === 0 ? EXIT.clean : EXIT.findings;
}

/** For programs. */
export function renderJson({ checkedAt, diagnosis, treated }: DoctorReport): string {
  const { findings, ...seen } = diagnosis;
  const plain = findings.map(({ touches: _touches, ...rest }) => rest);
  return `${JSON.stringify({ checkedAt, ...seen, ...(treated ? { treated } : {}), findings: plain }, null, 2)}\n`;
}

/** For people. */
export function renderText({ diagnosis, treated = [], before }: DoctorReport): string {
  const { findings, hosts, comparedTemporal } = diagnosis;
  const parts = [
    'the database',
    ...(comparedTemporal ? ['Temporal'] : []),
    `${hosts.answered} of ${hosts.asked} hosts`,
  ];
  const count =
    findings.length === 0 ? 'nothing is wrong' : `${findings.length} finding${findings.length === 1 ? '' : 's'}`;
  return [
    ...treated.map(
      ({ id, outcome, message }) => `${outcome}: ${before?.get(id)?.what ?? id}${message ? ` (${message})` : ''}`,
    ),
    ...(treated.length > 0 ? [''] : []),
    `Compared ${parts.join(', ')}: ${count}.`,
    ...(comparedTemporal ? [] : ['Could not compare Temporal: it does not answer.']),
    ...findings.flatMap(paragraph),
    '',
  ].join('\n');
}

function paragraph({ kind, severity, where, what, since, likelyCause, fix }: Finding): string[] {
  return [
    '',
    `${severity.toUpperCase()} ${kind} (${where})${since ? `, since ${since.toISOString()}` : ''}`,
    `  ${what}.`,
    `  Likely cause: ${likelyCause}`,
    `  ${fix.automatic ? '--fix' : 'To do'}: ${fix.description}`,
  ];
}
