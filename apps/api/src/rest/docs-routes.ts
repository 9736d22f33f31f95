/** `/api/openapi.json` and the docs page: self-contained, nothing is loaded from elsewhere. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ERROR_KINDS } from '@durastack/contracts/errors';
import type { FastifyInstance } from 'fastify';
import type { Registry } from '../catalogue/registry.js';
import type { ApiSettings } from '../settings.js';
import { openApiDocument } from './openapi.js';

/** Swagger UI's own files; the type of each. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Durastack API</title>
<link rel="icon" href="/api/docs/favicon-32x32.png">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<div id="docs"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</html>
`;

const START = `SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null,
  persistAuthorization: false, docExpansion: 'none', tryItOutEnabled: false });
`;

function errorsPage(): string {
  const rows = Object.entries(ERROR_KINDS).map(
    ([code, kind]) =>
      `<tr id="${code}"><td><code>${code}</code><td>${kind.httpStatus}<td>${kind.cloudStackCode} / ${kind.csErrorCode}<td>${kind.retryable ? 'yes' : 'no'}<td>${kind.meaning}`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Durastack errors</title><h1>Errors</h1>
<table border="1" cellpadding="6"><tr><th>Code<th>HTTP<th>CloudStack<th>Retry<th>Meaning
${rows.join('\n')}</table></html>`;
}

/** Adds the routes. */
export function registerDocs(server: FastifyInstance, registry: Registry, settings: ApiSettings): void {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  let document: string | undefined;
  server.get('/api/openapi.json', (_request, reply) => {
    document ??= JSON.stringify(openApiDocument(registry, settings.apiPublicUrl ?? ''));
    return reply.type('application/json; charset=utf-8').send(document);
  });
  const page = (type: string, body: string) => (_request: unknown, reply: import('fastify').FastifyReply) =>
    reply.header('Content-Security-Policy', CSP).header('X-Content-Type-Options', 'nosniff').type(type).send(body);
  server.get('/api/docs', page('text/html; charset=utf-8', PAGE));
  server.get('/api/docs/', page('text/html; charset=utf-8', PAGE));
  server.get('/api/docs/start.js', page('text/javascript; charset=utf-8', START));
  server.get('/api/docs/errors', page('text/html; charset=utf-8', errorsPage()));
  for (const [file, type] of Object.entries(FILES)) {
    server.get(`/api/docs/${file}`, async (_request, reply) =>
      reply
        .header('Cache-Control', 'public, max-age=3600')
        .type(type)
        .send(await readFile(join(folder, file))),
    );
  }
}
