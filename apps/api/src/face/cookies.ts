import type { FastifyReply, FastifyRequest } from 'fastify';

/** The cookies of a request, by name. */
export function cookiesOf(request: FastifyRequest): Readonly<Record<string, string>> {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return Object.fromEntries(pairs.filter(([name]) => name).map(([name, ...value]) => [name, value.join('=')]));
}

/** Adds a cookie to a reply: for this site's own requests alone, and out of reach of scripts. */
export function setCookie(
  reply: FastifyReply,
  cookie: { readonly name: string; readonly value: string; readonly maxAge: number; readonly secure: boolean },
): void {
  const parts = [`${cookie.name}=${cookie.value}`, 'Path=/', `Max-Age=${cookie.maxAge}`, 'HttpOnly', 'SameSite=Strict'];
  if (cookie.secure) parts.push('Secure');
  // Fastify joins repeated Set-Cookie headers into a list.
  void reply.header('Set-Cookie', parts.join('; '));
}
