import type { Command, ParamsOf, ResultOf } from '@durastack/contracts/command';
import { unwrap, wireName, wireOf } from '@durastack/contracts/fields';
import { listApis } from '@durastack/contracts/operations/list-apis';
import { z } from 'zod';
import { Handles, type CommandHandler } from '../catalogue/handles.js';
import { Registry } from '../catalogue/registry.js';
import type { Call } from '../face/call.js';
import { RoleBook } from '../identity/role-book.js';

type Api = ResultOf<typeof listApis>;
type ResponseField = Api['response'][number];
type Shape = Readonly<Record<string, z.ZodType>>;

/** Lists the commands that the caller's role includes; clients show only what is listed. */
@Handles(listApis)
export class ListApisHandler implements CommandHandler<typeof listApis> {
  private readonly described = new Map<Command, Api>();

  constructor(
    private readonly registry: Registry,
    private readonly roles: RoleBook,
  ) {}

  async execute(call: Call, params: ParamsOf<typeof listApis>): Promise<Api[]> {
    const rights = await this.roles.rightsOf(call.caller);
    const wanted = params.name?.toLowerCase();
    return this.registry
      .all()
      .map(({ command }) => command)
      .filter((command) => command.roles.includes('anyone') || rights.has(command.name))
      .filter((command) => wanted === undefined || command.name.toLowerCase() === wanted)
      .map((command) => this.describe(command));
  }

  private describe(command: Command): Api {
    const known = this.described.get(command);
    if (known) return known;
    const made: Api = {
      name: command.name,
      description: command.description,
      isAsync: isAsync(command),
      related: this.related(command),
      params: Object.entries(command.params.shape as Shape).map(([name, schema]) => ({
        name: wireName(name, schema),
        description: wireOf(schema)?.description ?? name,
        type: wireOf(schema)?.wire ?? 'string',
        length: wireOf(schema)?.length ?? 255,
        required: !schema.safeParse(undefined).success,
      })),
      response: command.result ? fieldsOf(command.result.shape as Shape) : SUCCESS,
    };
    this.described.set(command, made);
    return made;
  }

  private related(command: Command): string {
    return this.registry
      .all()
      .filter((other) => other.command !== command && command.result && other.command.result === command.result)
      .map((other) => other.command.name)
      .join(',');
  }
}

const SUCCESS: ResponseField[] = [
  { name: 'success', description: 'Whether it was done.', type: 'boolean' },
  { name: 'displaytext', description: 'What happened.', type: 'string' },
];

function isAsync(command: Command): boolean {
  return (
    command.answersAsJob === true ||
    (command.operation !== undefined && command.operation.cloudStackWaitMs === undefined)
  );
}

function fieldsOf(shape: Shape): ResponseField[] {
  return Object.entries(shape).map(([name, schema]) => {
    const inner = unwrap(schema);
    const item = inner instanceof z.ZodArray ? inner.element : inner;
    return {
      name: wireName(name, schema),
      description: wireOf(schema)?.description ?? name,
      type: wireOf(schema)?.wire ?? 'string',
      ...(item instanceof z.ZodObject ? { response: fieldsOf(item.shape as Shape) } : {}),
    };
  });
}
