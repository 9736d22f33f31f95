/** The calls of the authorisation matrix: for a command, a thing it is aimed at and a caller; and what came of one. */
import { randomUUID } from 'node:crypto';
import type { Command } from '@durastack/contracts/command';
import fc from 'fast-check';
import { CLASSES, OPEN_COMMANDS, type CallerName, type Naming, type Verdict } from './authorisation-rules.js';
import { encode, type HostileCall, type HostileReply } from './call.js';
import type { MatrixWorld, Things } from './matrix-world.js';
import { isRequired, parametersOf, plausible } from './plausible.js';
import { pairsOf, type Pairs } from './query-calls.js';
import type { HostileWorld } from './world.js';

/** A command with one of its rows; open commands have none. */
export interface MatrixCase {
  readonly command: Command;
  readonly rule?: Naming;
}

/** What the table says. */
export function expectedOf({ command, rule }: MatrixCase, caller: CallerName): Verdict {
  if (rule) return CLASSES[rule.class][caller];
  return (OPEN_COMMANDS as readonly string[]).includes(command.name) ? 'ok' : '401';
}

/** As long as the owner's name. */
const NO_NAME = 'nobod';

/** Classes about things of which a project has its own. */
const OF_PROJECTS: readonly (string | undefined)[] = ['owned', 'managed', 'authored'];

const asksProject = ({ rule }: MatrixCase, caller: CallerName): boolean =>
  (caller === 'member' || caller === 'nonmember') && OF_PROJECTS.includes(rule?.class);

/** How a thing is named, or one that is not there; `texts` are what replies are compared without. */
interface Aim {
  readonly pairs: Pairs;
  readonly texts: readonly string[];
}

function aimAt(matrix: MatrixWorld, at: MatrixCase, caller: CallerName, exists: boolean): Aim {
  const [parameter, kind] = at.rule?.by ?? [];
  if (parameter === undefined || kind === undefined) return { pairs: [], texts: [] };
  const project = asksProject(at, caller);
  if (kind === 'owner' && !project) {
    const { name, domainId } = matrix.world.tenants.alice;
    const given = exists ? name : NO_NAME;
    return {
      pairs: [
        ['account', given],
        ['domainid', domainId],
      ],
      texts: [given],
    };
  }
  const things = project ? { ...matrix.own, ...matrix.shared } : matrix.own;
  const id = exists ? String(things[kind === 'owner' ? 'project' : kind]) : randomUUID();
  return { pairs: [[kind === 'owner' ? 'projectid' : parameter, id]], texts: [id] };
}

const roleOf = ({ tenants }: HostileWorld): string => String(tenants.alice.belongings?.projectRoleId);

/** What calls need beside the thing, where a plausible value is not enough. */
const MORE: Readonly<Record<string, (matrix: MatrixWorld) => Pairs>> = {
  login: () => [
    ['username', 'alice'],
    ['password', encode('secret-of-alice')],
    ['domain', encode('/acme')],
  ],
  associateIpAddress: ({ world }) => [['zoneid', world.place.zoneId]],
  createNetwork: ({ isolatedOfferingId }) => [['networkofferingid', isolatedOfferingId]],
  createVolume: ({ world }) => [['zoneid', world.place.zoneId]],
  registerTemplate: ({ world }) => [['zoneid', world.place.zoneId]],
  registerIso: ({ world }) => [['zoneid', world.place.zoneId]],
  addAnnotation: () => [['entitytype', 'VM']],
  // The event stays as it is for the next caller: none is so old.
  archiveEvents: () => [['enddate', '2000-01-01']],
  deleteEvents: () => [['enddate', '2000-01-01']],
  listResourceDetails: () => [['resourcetype', 'UserVm']],
  listDetailOptions: () => [['resourcetype', 'UserVm']],
  resizeVolume: () => [['size', '9']],
  createProjectRolePermission: ({ world }) => [['projectroleid', roleOf(world)]],
  updateProjectRolePermission: ({ world }) => [['projectroleid', roleOf(world)]],
  deleteProjectRole: ({ world }) => [['id', roleOf(world)]],
  updateProjectRole: ({ world }) => [['id', roleOf(world)]],
  deleteProjectRolePermission: ({ world }) => [['id', String(world.tenants.alice.belongings?.projectRuleId)]],
  deleteAffinityGroup: () => [['name', 'no-such-group']],
  moveUser: () => [['account', 'alice']],
  updateProjectInvitation: () => [['account', 'alice']],
};

/** Lists show the caller's own alone unless they are asked for more; a project's are asked for by its name. */
function scopeOf(matrix: MatrixWorld, at: MatrixCase, caller: CallerName): Pairs {
  const [parameter, kind] = at.rule?.by ?? [];
  if (parameter === undefined || parameter === 'id' || kind === 'owner') return [];
  const isDeploy = at.command.name === 'deployVirtualMachine';
  const isList = at.command.isList === true && 'listAll' in at.command.params.shape;
  if (!isList && !(isDeploy && expectedOf(at, caller) === 'ok')) return [];
  const { name, domainId } = matrix.world.tenants.alice;
  if (asksProject(at, caller)) return [['projectid', String(matrix.shared.project)]];
  return isList
    ? [['listall', 'true']]
    : [
        ['account', name],
        ['domainid', domainId],
      ];
}

/** What is required beside it: the caller's own things where it has some, else those of the owner. */
function baseOf(matrix: MatrixWorld, at: MatrixCase, caller: CallerName): Pairs {
  const [draw] = fc.sample(fc.gen(), { numRuns: 1, seed: 1 });
  if (!draw) return [];
  const { command } = at;
  const refused = expectedOf(at, caller) === 'none';
  const things = asksProject(at, caller) && !refused ? { ...matrix.own, ...matrix.shared } : matrix.own;
  const belongings = refused ? matrix.callers[caller].as.belongings : undefined;
  const own: Things = belongings
    ? {
        machine: belongings.vmId,
        volume: belongings.volumeId,
        template: belongings.templateId,
        iso: belongings.isoId,
        network: belongings.networkId,
      }
    : {};
  const world = onlyWith(matrix.world, { ...things, ...own });
  return parametersOf(command)
    .filter(({ schema }) => isRequired(schema))
    .flatMap(({ name, wire, schema }) => pairsOf(draw, wire, plausible(draw, { command, name, schema }, world)));
}

function onlyWith(world: HostileWorld, things: Things): HostileWorld {
  const ids = Object.entries(world.ids).map(([kind, all]): [string, readonly string[]] => {
    const id = (things as Readonly<Record<string, string>>)[kind];
    return [kind, id === undefined ? all : [id]];
  });
  return { ...world, ids: Object.fromEntries(ids) };
}

/** A call, with the texts that its reply is compared without. */
export interface MatrixCall {
  readonly call: HostileCall;
  readonly texts: readonly string[];
}

/** Makes one. `exists`: aimed at the thing, or at one that is not there; all else is the same. */
export function matrixCall(matrix: MatrixWorld, at: MatrixCase, caller: CallerName, exists: boolean): MatrixCall {
  const { command } = at;
  const { pairs: aim, texts } = aimAt(matrix, at, caller, exists);
  const extra =
    command.name === 'deleteAffinityGroup' && aim[0]?.[0] === 'id' ? [] : (MORE[command.name]?.(matrix) ?? []);
  const given = [...aim, ...extra, ...scopeOf(matrix, at, caller)];
  const names = new Set(given.map(([name]) => name));
  const base = baseOf(matrix, at, caller).filter(([name]) => !names.has(name));
  const query: Pairs = [['command', command.name], ['response', 'json'], ...base, ...given];
  const fixed = { face: 'query', path: '/client/api', method: 'GET', caller: 'alice', expected: {} } as const;
  return { call: { ...fixed, ...matrix.callers[caller], command: command.name, query, about: caller }, texts };
}

/** All of a reply that could tell something, without the texts. */
export function shapeOf({ status, headers, text }: HostileReply, texts: readonly string[]): string {
  const seen = JSON.stringify([status, headers['x-description'], headers['content-type'], text]);
  return texts.reduce((shown, one) => shown.replaceAll(one, 'THING'), seen);
}

/** What a reply was; `missing` is what the same call says of a thing that does not exist. */
export function verdictOf(reply: HostileReply, texts: readonly string[], missing?: string): Verdict {
  if (reply.status === 401) return '401';
  if (reply.status === 432)
    return reply.text.includes('does not exist or is not available for the account') ? '432' : 'told';
  return missing !== undefined && shapeOf(reply, texts) === missing ? 'none' : 'ok';
}
