/** Every kind of finding, in one list: how bad it is, where it usually comes from, and what mends it. */

/** What follows from a kind. */
export interface FindingKind {
  /** `error`: something does not work or may be lost; `warning`: something is left over, or will not work one day. */
  readonly severity: 'error' | 'warning';
  readonly likelyCause: string;
  /** What `--fix` does when `automatic`, else what a person does. */
  readonly fix: string;
  readonly automatic: boolean;
}

type Row = readonly [FindingKind['severity'], string, string];
const mended = ([severity, likelyCause, fix]: Row) => ({ severity, likelyCause, fix, automatic: true as const });
const reported = ([severity, likelyCause, fix]: Row) => ({ severity, likelyCause, fix, automatic: false as const });

/** By name. Adding a kind without a test that plants it fails doctor.spec.ts. */
export const FINDING_KINDS = {
  'operation-needs-attention': reported([
    'error',
    'An undo, or a step past the point of no return, failed for a reason that repeating does not mend.',
    'Look at its error, then: dura api retryOperation id=…, undoOperation or giveUpOperation.',
  ]),
  'left-by-given-up': reported([
    'warning',
    'An operation that needed attention was given up.',
    'Remove or use the resource again (docs/operations.md, "An operation that needs attention"): what succeeds on it clears this.',
  ]),
  'operation-without-workflow': mended([
    'error',
    "Temporal lost its store, or somebody terminated the workflow, and no worker's sweep has run since.",
    'Marks the run as lost: the operation runs again from its row.',
  ]),
  'workflow-without-operation': mended([
    'warning',
    'The database was restored from a backup, or a run was given up while Temporal was away.',
    'Terminates the workflow; its effects on hosts are refused already by their tokens.',
  ]),
  'workflow-superseded': mended([
    'warning',
    'A run that was believed lost is still there; it ends by itself at its next step.',
    'Terminates the workflow; the newer run does the work.',
  ]),
  'operation-behind-nothing': mended([
    'warning',
    'The end of the operation before it was lost between two transactions.',
    'Grants it.',
  ]),
  'lock-without-operation': mended([
    'error',
    'Rows were changed by hand, or an operation ended without its last step.',
    'Releases the lock and grants what waits for it.',
  ]),
  'claim-without-operation': mended([
    'warning',
    'Rows were changed by hand, or an operation ended without its last step.',
    'Releases the claim.',
  ]),
  'operation-noted-not-open': mended([
    'error',
    'Rows were changed by hand, or an operation ended without its last step.',
    'Clears the note, so that the resource can be used again.',
  ]),
  'state-without-operation': reported([
    'error',
    'The operation that was to lead out of this state is gone, or rows were changed by hand.',
    'Nothing is guessed. A machine: destroy it (destroyVirtualMachine), which is allowed in this state; anything else: see docs/operations.md.',
  ]),
  'workers-silent': reported([
    'error',
    'No worker runs, or none reaches the database.',
    'Start a worker; look at its log (dura logs worker).',
  ]),
  'temporal-unreachable': reported([
    'error',
    'Temporal is down, or its address or certificates are wrong.',
    'Start Temporal; operations go on by themselves then. Workflows were not compared.',
  ]),
  'recovery-active': reported([
    'warning',
    'The database was restored from a backup; hosts are being looked at.',
    'Wait for its end, or write off the hosts that do not answer (dura recover).',
  ]),
  'recovery-left': reported([
    'warning',
    'The database was restored from a backup; recovery found this and could not decide it.',
    'Look at it (docs/operations.md, "What recovery lists"); when all is dealt with: dura recover --acknowledge.',
  ]),
  'idempotency-key-forgotten': mended([
    'warning',
    'The API ended between accepting a REST call and writing its answer down.',
    'Removes the key; a repetition of the call is carried out as a new one.',
  ]),

  'host-unreachable': reported([
    'error',
    'The host or its agent is down, or the network between is. Its machines may well be running.',
    'Look at the host: systemctl status durastack-agent; ping. Nothing else is done about machines there.',
  ]),
  'host-silent': reported([
    'warning',
    'The agent answers but its heartbeats do not arrive: the API is down, or its address for agents is not reached from there.',
    'Look at the agent log on the host, and at DURASTACK_INTAKE_URL of the worker.',
  ]),
  'host-certificate-wrong': reported([
    'error',
    'The agent was enrolled elsewhere, its certificate was replaced or has expired, or something else answers at its address.',
    'Delete the host and add it again; machines on it keep running.',
  ]),
  'host-certificate-expires': reported([
    'warning',
    'Certificates are renewed months before their end; the host was away or refused it all that time.',
    'Bring the host up with a worker running; after the end of the certificate the host must be added again.',
  ]),
  'host-agent-version': reported([
    'warning',
    'The agent was not upgraded together with the control plane.',
    'Upgrade the agent on the host.',
  ]),
  'host-epoch-ahead': reported([
    'error',
    'The database was restored from a backup, or another control plane runs this host.',
    'dura recover, after making sure that no other control plane uses these hosts.',
  ]),
  'host-closed-by-nothing': mended([
    'warning',
    'The operation that was to empty the host was given up, or its rows were changed by hand.',
    'Lets the host take machines again, as before; prepareHostForMaintenance empties it anew.',
  ]),
  'host-enrolment-left': mended([
    'warning',
    'The operation that added the host ended without erasing what it was given.',
    'Erases the secrets.',
  ]),

  'machine-on-two-hosts': reported([
    'error',
    'A host was believed dead and was not, or somebody started the domain by hand. Its disk may be damaged.',
    'At once: stop one of the two by hand on its host (virsh destroy), after looking at both.',
  ]),
  'machine-elsewhere': reported([
    'error',
    'Somebody moved or started the domain by hand, or the database was restored from a backup.',
    'Look at it on that host (virsh dominfo). Shut it down there, then start the machine again.',
  ]),
  'machine-unknown-running': reported([
    'error',
    'The database was restored from a backup made before the machine, or the host belonged to another installation.',
    'Look at it on the host (virsh dominfo); nothing running is ever ended by --fix.',
  ]),
  'machine-unknown-off': reported([
    'warning',
    'The database was restored from a backup made before the machine, or the host belonged to another installation.',
    'Look at it on the host (virsh dumpxml); if nobody misses it: virsh undefine.',
  ]),
  'machine-leftover': mended([
    'warning',
    'The host could not be reached when the machine left it.',
    'Removes the stopped domain, its seed and its logs from that host. Disks are not touched.',
  ]),
  'machine-files-left': mended([
    'warning',
    'The host could not be reached when the machine left it, or the agent died meanwhile.',
    'Removes its seed and logs from that host. Disks are not touched.',
  ]),
  'machine-files-unknown': reported([
    'warning',
    'The database was restored from a backup made before the machine, or the host belonged to another installation.',
    'Look at the directory (ls -l); remove it if nobody misses it.',
  ]),
  'machine-not-running': mended([
    'error',
    'It stopped by itself or by hand while no worker recorded it.',
    'Asks the host again and records what it says: the machine is shown as Stopped and can be started.',
  ]),
  'machine-paused': reported([
    'error',
    'QEMU pauses a machine whose disk cannot be written: the pool is full or not reached.',
    'Make room on the pool, then reboot the machine.',
  ]),
  'machine-runs-stopped': mended([
    'error',
    'Somebody started the domain by hand while no worker recorded it.',
    'Asks the host again and records what it says: the machine is shown as Running.',
  ]),
  'machine-should-not-run': reported([
    'error',
    'Somebody started the domain by hand, or a stop did not have its effect.',
    'Look at it on the host (virsh dominfo); shut it down there by hand.',
  ]),
  'machine-without-host': reported([
    'error',
    'Rows were changed by hand.',
    'Find where it runs (virsh list on the hosts); if nowhere, stop it with forced=true and start it.',
  ]),

  'volume-missing': reported([
    'error',
    'The file was removed by hand, or the pool is not mounted on the host that was asked.',
    'Mount the pool, or restore the file from a backup. Do not start the machine before.',
  ]),
  'volume-unknown': reported([
    'warning',
    'The database was restored from a backup made before the volume, or the pool is used by another installation.',
    'Look at it (qemu-img info); remove the file by hand if nobody misses it. --fix never removes data.',
  ]),
  'volume-not-removed': reported([
    'warning',
    'The removal of the volume did not have its effect, or the file was restored by hand.',
    'Look at it (qemu-img info); remove the file by hand if nobody misses it. --fix never removes data.',
  ]),
  'volume-before-its-time': reported([
    'warning',
    'A deploy that was undone could not remove the disk.',
    'Look at it (qemu-img info); it is used as it is when the machine is started. Expunge the machine to be rid of it.',
  ]),
  'pool-unread': reported([
    'error',
    'No host that should reach the pool answered.',
    'Bring one of its hosts up. The volumes on it were not compared.',
  ]),
  'template-missing': mended([
    'error',
    'The base image was removed by hand from the pool.',
    'Notes that it is not there: the next deploy copies it again. Disks that were made over it need the very same file.',
  ]),
  'template-unknown': reported([
    'warning',
    'The removal of a template did not have its effect, or the database was restored from a backup.',
    'Look at it (qemu-img info); disks may depend on it. --fix never removes data.',
  ]),

  'machine-without-proof': reported([
    'error',
    'Its host is silent, and nothing proves that its old copy is dead: it is started nowhere else, so that it never runs twice.',
    'See whether the host has power. Switch it off, or on again; when you have seen that it is without power, declareHostLost says so.',
  ]),
  'machine-without-room': reported([
    'error',
    'Its host failed, and no other host that reaches its disks has room for it.',
    'Add a host, or stop machines that are less important. It is started as soon as there is room.',
  ]),

  'reservation-orphan': mended([
    'error',
    'Rows were changed by hand, or a machine ended without its last step.',
    'Deletes the reservation and gives its capacity back.',
  ]),
  'reservation-missing': mended([
    'error',
    'Rows were changed by hand, or the database was restored in parts.',
    'Writes the reservation and counts it, even where that is more than the host or pool has.',
  ]),
  'counter-wrong': mended(['error', 'Rows were changed by hand.', 'Counts again, from the reservations.']),

  'address-outside': reported([
    'error',
    'Rows were changed by hand.',
    'Expunge the machine, or correct the row of the interface while the machine is stopped.',
  ]),
  'address-duplicate': reported([
    'error',
    'Two networks share a bridge and a range of addresses.',
    'Expunge one of the machines, and delete one of the networks.',
  ]),
  'address-orphan': mended([
    'warning',
    'A machine ended without its last step.',
    'Deletes the interface, or what is left of one; the address is free again.',
  ]),
  'network-missing': reported([
    'error',
    'Bridge or DHCP of the network were removed on the host by hand, or by a restart of it.',
    'Reboot one of its machines there: that makes the network again.',
  ]),
  'network-left': reported([
    'warning',
    'The host could not be reached when the network was deleted.',
    'Remove the bridge by hand on the host (ip link); it holds no data.',
  ]),
} as const satisfies Record<string, FindingKind>;

/** Name of a kind of finding. */
export type FindingKindName = keyof typeof FINDING_KINDS;
