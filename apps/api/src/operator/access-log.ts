import type { Logger } from '@durastack/kit/log/logger';
import type { FastifyInstance } from 'fastify';
import { requestSeconds } from './metrics.js';

/** Logs and measures each request. Never its query, body or headers: they carry keys and passwords. */
export function registerAccessLog(server: FastifyInstance, log: Logger): void {
  server.addHook('onResponse', (request, reply, done) => {
    const path = request.raw.url?.split('?')[0] ?? '';
    const command = request.commandName ?? request.routeOptions.url ?? 'unknown';
    const milliseconds = Math.round(reply.elapsedTime * 10) / 10;
    requestSeconds.observe({ command, status: String(reply.statusCode) }, milliseconds / 1000);
    const quiet = path === '/health' || path === '/metrics';
    log[quiet ? 'debug' : 'info'](
      {
        method: request.method,
        path,
        command: request.commandName,
        status: reply.statusCode,
        milliseconds,
        user: request.callerName,
        address: request.ip,
      },
      'request',
    );
    done();
  });
}
