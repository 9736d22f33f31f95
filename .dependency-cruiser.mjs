/**
 * The borders: who may import whom. The one place where they are drawn; `test/src/arch/borders.spec.ts` proves that
 * each rule fires, `scripts/check-borders.mjs` that every file was looked at.
 *
 * Each row names what a folder may import of this workspace; all else of the workspace is refused.
 */

/** folder → the other folders that it may import. */
const MAY_IMPORT = {
  'libs/contracts': [],
  'libs/model': ['libs/contracts'],
  'libs/kit': ['libs/contracts'],
  'libs/store': ['libs/contracts', 'libs/kit'],
  'libs/drivers': ['libs/contracts', 'libs/kit'],
  workflows: [
    'libs/contracts',
    'libs/kit/(src|dist)/saga',
    'libs/kit/(src|dist)/temporal/operation-workflow\\.(js|ts|d\\.ts)',
  ],
  activities: ['libs/contracts', 'libs/model', 'libs/store', 'libs/kit'],
  'apps/api': ['libs/contracts', 'libs/store', 'libs/model', 'libs/kit'],
  'apps/worker': [
    'libs/contracts',
    'libs/store',
    'libs/kit',
    'activities',
    'libs/drivers/(src|dist)/power-controllers\\.(js|ts|d\\.ts)',
  ],
  'apps/host-agent': ['libs/contracts', 'libs/drivers', 'libs/kit'],
  'apps/cli': ['libs/contracts', 'libs/kit', 'libs/store', 'libs/drivers'],
};

/** Why, for those who meet the rule. */
const REASONS = {
  'libs/contracts': 'Contracts are pure: everything else is made from them.',
  'libs/model': 'The model decides over snapshots that it is given.',
  'libs/kit': 'The kit serves every folder, so it knows only the contracts.',
  'libs/store': 'The store knows rows, not the decisions made on them or the effects that follow.',
  'libs/drivers': 'Drivers know one real system and the contract, never the control plane.',
  workflows: 'A workflow is a list of steps over ports declared in the contracts.',
  activities: 'Effects know neither the workflow that asks for them nor how a host carries them out.',
  'apps/api': 'The API writes rows and operations; it never runs a workflow, nor changes anything on a host.',
  'apps/worker':
    'The worker wires activities, the prebuilt workflow bundle and the drivers of management controllers (docs/rfd/0007).',
  'apps/host-agent': 'An agent has no way to the database: a compromised host must not reach it.',
  'apps/cli': 'The dura command speaks to the API; of the rest it only starts processes.',
};

const FOLDERS = Object.keys(MAY_IMPORT);
const IN_WORKSPACE = `^(${[...FOLDERS, 'test'].join('|')})/`;
const SPECS = '\\.spec\\.ts$';

const folderRules = FOLDERS.map((folder) => ({
  name: `${folder.replace('/', '-')}-borders`,
  comment: REASONS[folder],
  severity: 'error',
  from: { path: `^${folder}/src/`, pathNot: SPECS },
  to: { path: IN_WORKSPACE, pathNot: `^(${[folder, ...MAY_IMPORT[folder]].join('|')})(/|$)` },
}));

/** A spec stays within its package and the libraries; what needs several programs belongs into test/. */
const specRule = {
  name: 'specs-stay-in-reach',
  comment: 'What needs several apps or the whole repository is a test of the folder test/.',
  severity: 'error',
  from: { path: `^(apps/[^/]+|libs/[^/]+|workflows|activities)/.*${SPECS}` },
  to: { path: '^(apps|test)/', pathNot: '^$1/' },
};

/** Packages of the registry that a folder must not know: package names as they stand under node_modules. */
const PACKAGE_BANS = [
  { name: 'contracts-know-zod-alone', from: '^libs/contracts/src/', not: '^node_modules/zod/' },
  { name: 'model-knows-no-package', from: '^libs/model/src/', not: '^node_modules/zod/' },
  {
    name: 'workflows-know-temporal-workflow-alone',
    from: '^workflows/src/',
    not: '^node_modules/@temporalio/workflow/',
  },
  {
    name: 'drivers-know-no-framework',
    from: '^libs/drivers/src/',
    only: '^node_modules/(@nestjs|typeorm|mysql2|@temporalio)/',
  },
  {
    name: 'host-agent-knows-no-database',
    from: '^apps/host-agent/src/',
    only: '^node_modules/(typeorm|mysql2|@nestjs/typeorm|@temporalio)/',
  },
  {
    name: 'api-runs-no-workflow',
    from: '^apps/api/src/',
    only: '^node_modules/@temporalio/(worker|workflow|activity)/',
  },
  {
    name: 'activities-know-no-worker',
    from: '^activities/src/',
    only: '^node_modules/(@temporalio/(worker|workflow)|@nestjs)/',
  },
  {
    name: 'store-knows-no-temporal',
    from: '^libs/store/src/',
    only: '^node_modules/(@temporalio|@nestjs)/',
  },
].map(({ name, from, not, only }) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: SPECS },
  to: only ? { path: only } : { path: '^node_modules/', pathNot: not },
}));

/** Node's built-in modules by folder. */
const BUILT_IN_BANS = [
  { name: 'pure-folders-know-no-node', from: '^(libs/contracts|libs/model|workflows|libs/kit/src/saga)/', to: '.' },
  {
    name: 'only-drivers-spawn',
    from: '^(?!libs/drivers/|apps/cli/|test/)',
    to: '^(node:)?(child_process|cluster)$',
  },
].map(({ name, from, to }) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: SPECS },
  to: { dependencyTypes: ['core'], path: to },
}));

/** Folders of libs/drivers/src that every driver may use. */
const DRIVER_TOOLS = ['process', 'files', 'image', 'volume-copy', 'conformance', 'testing'];

/** What every part of a host's network speaks of, whichever switch it has. */
const NETWORK_TERMS = 'network/(dns|ipv4|port|switch)\\.ts';

/** driver → the other drivers that it is made of; all others keep apart. */
const DRIVER_MAY_USE = {
  libvirt: ['pool/', 'network/'],
  pool: ['directory-pool/', 'rbd/'],
  network: ['linux-bridge/', 'openvswitch/', 'dnsmasq/', 'nftables/'],
  'linux-bridge': ['iproute2/', 'nftables/', NETWORK_TERMS],
  openvswitch: ['iproute2/', NETWORK_TERMS],
  iproute2: [NETWORK_TERMS],
  dnsmasq: [NETWORK_TERMS],
  nftables: [NETWORK_TERMS],
};

const DRIVERS_BY_THEMSELVES = {
  from: { path: `^libs/drivers/src/(?!(?:${Object.keys(DRIVER_MAY_USE).join('|')})/)([^/]+)/`, pathNot: SPECS },
  to: {
    path: '^libs/drivers/src/[^/]+/',
    pathNot: ['^libs/drivers/src/$1/', `^libs/drivers/src/(${DRIVER_TOOLS.join('|')})/`],
  },
};

const driverRules = [
  DRIVERS_BY_THEMSELVES,
  ...Object.entries(DRIVER_MAY_USE).map(([driver, others]) => ({
    from: { path: `^libs/drivers/src/${driver}/`, pathNot: SPECS },
    to: {
      path: '^libs/drivers/src/[^/]+/',
      pathNot: `^libs/drivers/src/(${[driver, ...DRIVER_TOOLS].map((name) => `${name}/`).join('|')}|${others.join('|')})`,
    },
  })),
].map((rule) => ({
  name: 'drivers-apart',
  comment: 'Drivers share a contract and one conformance suite; only the parts named here are made of others.',
  severity: 'error',
  ...rule,
}));

export default {
  forbidden: [
    ...folderRules,
    specRule,
    ...PACKAGE_BANS,
    ...BUILT_IN_BANS,
    ...driverRules,
    {
      name: 'saga-kit-alone-in-workflows',
      comment: 'What workflows see of the kit is bundled into their sandbox: it imports contracts alone.',
      severity: 'error',
      from: { path: '^libs/kit/src/saga/', pathNot: SPECS },
      to: {
        path: '^(libs/kit|node_modules)/',
        pathNot: ['^libs/kit/src/saga/', '^node_modules/@temporalio/workflow/'],
      },
    },
    {
      name: 'api-reads-hosts-in-one-place',
      comment:
        'Of hosts the API asks two reads alone, a console and a serial log (docs/rfd/0003); all else is an operation.',
      severity: 'error',
      from: { path: '^apps/api/src/', pathNot: [SPECS, '^apps/api/src/console/host-reads\\.ts$'] },
      to: { path: '^libs/kit/(src|dist)/agent-client/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or need a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that does not resolve is checked by no border.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-imports-of-specs',
      comment: 'A spec is run, never imported.',
      severity: 'error',
      from: {},
      to: { path: SPECS },
    },
    {
      name: 'no-development-packages-in-products',
      comment: 'What is imported at run time is declared by the package that imports it.',
      severity: 'error',
      from: { path: '^(apps|libs|workflows|activities)/', pathNot: [SPECS, '/src/(testing|conformance)/', '\\.mjs$'] },
      to: { path: '^node_modules/(vitest|esbuild|nx|knip|oxlint|prettier|dependency-cruiser)/' },
    },
  ],
  options: {
    // Without this parser TypeScript 7 is not understood, and nothing at all is found, with exit code 0.
    parser: 'swc',
    // Other packages of the workspace are seen as built: `libs/kit/dist/…`.
    doNotFollow: { path: ['node_modules', '/dist/', '/build/'] },
    // What browsers load is resolved by them, against the API's addresses.
    exclude: { path: ['^[^/]+/build/', '^apps/[^/]+/build/', '^apps/api/public/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
    skipAnalysisNotInRules: true,
  },
};
