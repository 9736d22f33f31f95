import 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** The command that was asked for, for logs and metrics. */
    commandName?: string;
    /** Who asked, for logs. */
    callerName?: string;
  }
}
