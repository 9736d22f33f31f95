/** Numbers of libvirt's remote protocol (src/remote/remote_protocol.x, virnetprotocol.x) and its public enums. */

/** The remote program. */
export const REMOTE_PROGRAM = 0x20008086;
/** The program of what QEMU alone has (src/remote/qemu_protocol.x). */
export const QEMU_PROGRAM = 0x20008087;
/** The keep-alive program: the server asks, the client answers. */
export const KEEPALIVE_PROGRAM = 0x6b656570;
/** Version of all of them. */
export const PROGRAM_VERSION = 1;
/** Bytes of a message's length word and header. */
export const HEADER_BYTES = 28;
/** The greatest message that libvirt sends. */
export const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

/** Kinds of message. */
export const MESSAGE = { call: 0, reply: 1, event: 2 } as const;
/** Keep-alive procedures. */
export const KEEPALIVE = { ping: 1, pong: 2 } as const;

/** Remote procedures that the driver calls. */
export const PROCEDURE = {
  connectOpen: 1,
  connectClose: 2,
  connectGetVersion: 4,
  nodeGetInfo: 6,
  connectGetCapabilities: 7,
  domainGetXmlDesc: 14,
  domainLookupByName: 23,
  domainLookupByUuid: 24,
  domainResume: 28,
  domainSetAutostart: 29,
  domainSuspend: 34,
  authList: 66,
  secretLookupByUuid: 141,
  secretDefineXml: 142,
  secretSetValue: 144,
  secretUndefine: 146,
  connectGetLibVersion: 157,
  connectCompareCpu: 158,
  domainAttachDeviceFlags: 160,
  domainDetachDeviceFlags: 161,
  domainAbortJob: 164,
  domainUpdateDeviceFlags: 174,
  domainGetBlockInfo: 194,
  domainCreateWithFlags: 196,
  domainSetVcpusFlags: 199,
  domainMigrateSetMaxSpeed: 207,
  domainGetState: 212,
  domainUndefineFlags: 231,
  domainDestroyFlags: 234,
  domainBlockJobAbort: 237,
  domainGetBlockJobInfo: 238,
  domainBlockResize: 251,
  domainShutdownFlags: 258,
  domainGetMetadata: 265,
  connectListAllDomains: 273,
  domainGetJobStats: 298,
  domainMigrateBegin3Params: 302,
  domainMigratePrepare3Params: 303,
  domainMigratePerform3Params: 305,
  domainMigrateFinish3Params: 306,
  domainMigrateConfirm3Params: 307,
  domainEventCallbackRegisterAny: 316,
  domainEventCallbackDeregisterAny: 317,
  domainEventCallbackLifecycle: 318,
  connectGetAllDomainStats: 344,
  domainBlockCopy: 345,
  domainDefineXmlFlags: 350,
  domainMigrateStartPostCopy: 364,
} as const;

/** Procedures of {@link QEMU_PROGRAM}. */
export const QEMU_PROCEDURE = { domainMonitorCommand: 1 } as const;

/** virDomainState. */
export const DOMAIN_STATE = {
  noState: 0,
  running: 1,
  blocked: 2,
  paused: 3,
  shutdown: 4,
  shutoff: 5,
  crashed: 6,
  pmSuspended: 7,
} as const;

/** virDomainPausedReason: its memory is on its way, or was handed over. */
export const PAUSED_MIGRATION = 2;
/** virDomainPausedReason: by post-copy its guest has gone, and QEMU's stream to where it is has broken. */
export const PAUSED_POST_COPY_FAILED = 13;
/** virDomainPausedReason: by post-copy its guest has gone to another host, which fetches the rest of its memory; or cannot. */
export const PAUSED_POST_COPY: ReadonlySet<number> = new Set([12, PAUSED_POST_COPY_FAILED]);
/** virDomainRunningReason: it came by post-copy, and its memory is not complete. */
export const RUNNING_POST_COPY = 10;
/** virDomainRunningReason: as that, and nothing comes any more. */
export const RUNNING_POST_COPY_FAILED = 11;
/** virDomainPausedReason: QEMU runs, libvirt has not started its processors yet. */
export const PAUSED_STARTING_UP = 11;

/** virDomainEventID. */
export const EVENT_LIFECYCLE = 0;

/** virDomainCreateFlags: boots, and discards memory that was saved of it. */
export const START_FORCE_BOOT = 8;
/** virConnectListAllDomainsFlags: those that libvirt starts with its host. */
export const LIST_AUTOSTARTED = 1024;
/** virDomainUndefineFlagsValues: managed save image, snapshot metadata, NVRAM, checkpoint metadata. */
export const UNDEFINE_ALL = 1 | 2 | 4 | 16;
/** virDomainShutdownFlagValues. */
export const SHUTDOWN_ACPI = 1;
/** virDomainXMLFlags: the definition of the next start. */
export const XML_INACTIVE = 2;
/** virDomainModificationImpact, virDomainVcpuFlags: the running domain alone. */
export const AFFECT_LIVE = 1;
/** virDomainDeviceModifyFlags: whatever the guest says. */
export const MODIFY_FORCED = 4;
/** virDomainBlockResizeFlags: sizes are bytes. */
export const BLOCK_RESIZE_BYTES = 1;
/** virDomainMetadataType. */
export const METADATA_ELEMENT = 2;

/** virConnectGetAllDomainStatsFlags: of active domains; without waiting for one that is busy. */
export const STATS_OF_ACTIVE = 1 | (1 << 29);
/** virTypedParameterType. */
export const TYPED = { int: 1, uint: 2, llong: 3, ullong: 4, double: 5, boolean: 6, string: 7 } as const;

/** virErrorNumber, those that mean something to the driver. */
export const LIBVIRT_ERROR = {
  invalidArgument: 8,
  operationFailed: 9,
  systemError: 38,
  rpc: 39,
  noDomain: 42,
  deviceMissing: 99,
  operationInvalid: 55,
  noSecret: 66,
  operationTimeout: 68,
  noDomainMetadata: 80,
  resourceBusy: 87,
} as const;
