/** The page of a console. It comes whole from this server: no address of anybody else is in it. */
import type { FastifyReply } from 'fastify';
import type { TokenStanding } from './console-tokens.js';

/** Only this server's scripts and styles; noVNC makes cursors and pictures as data URLs. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The same on every reply below the console's path. The address of the page is a credential: it is told to nobody. */
export const SECURITY_HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
} as const;

const MESSAGES = {
  used: 'This console link has been used already. A link opens a console once: ask for a new one.',
  expired: 'This console link has expired or is not valid. A link can be used for 30 seconds: ask for a new one.',
} as const;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

const document = (title: string, body: string, script: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="console/assets/console.css">${script}
</head>
<body>
${body}
</body>
</html>
`;

const consoleDocument = (vmName: string) =>
  document(
    `${escapeHtml(vmName)} – console`,
    `<header>
<h1>${escapeHtml(vmName)}</h1>
<p id="status" role="status">Connecting …</p>
<button id="ctrl-alt-del" type="button" disabled>Send Ctrl-Alt-Del</button>
</header>
<main id="screen"></main>
<noscript><p class="message">The console needs JavaScript.</p></noscript>`,
    '\n<script type="module" src="console/assets/console.js"></script>',
  );

const messageDocument = (message: string) =>
  document('Console', `<main class="message"><h1>Console</h1><p>${escapeHtml(message)}</p></main>`, '');

/** Sends the page: the console's, or why there is none. */
export function sendConsolePage(reply: FastifyReply, standing: TokenStanding): FastifyReply {
  void reply.headers(SECURITY_HEADERS).header('Cache-Control', 'no-store').type('text/html; charset=utf-8');
  if (standing.state === 'usable') return reply.send(consoleDocument(standing.vmName));
  return reply.status(410).send(messageDocument(MESSAGES[standing.state]));
}
