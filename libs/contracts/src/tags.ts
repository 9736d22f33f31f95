/** Tags of hosts and pools, as texts and columns carry them: comma-joined. */

/** The tags in a comma-joined text, in their order: without spaces around them, without empty ones, each once. */
export function splitTags(text: string | null | undefined): string[] {
  if (!text) return [];
  return [...new Set(text.split(',').map((tag) => tag.trim()))].filter((tag) => tag !== '');
}

/** The comma-joined form of what a call gives; null for none, undefined for what was not given. */
export function joinTags(given: string | readonly string[] | undefined): string | null | undefined {
  if (given === undefined) return undefined;
  return splitTags(typeof given === 'string' ? given : given.join(',')).join(',') || null;
}
