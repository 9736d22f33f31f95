import { create } from 'xmlbuilder2';

type Json = unknown;

/** Characters that XML 1.0 cannot carry. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

interface Node {
  ele(name: string): Node;
  txt(text: string): Node;
}

function append(parent: Node, name: string, value: Json): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value) append(parent, name, item);
    return;
  }
  const element = parent.ele(/^[A-Za-z_][\w.-]*$/.test(name) ? name : 'entry');
  if (typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) append(element, key, item);
  } else {
    element.txt(String(value as string | number | boolean).replace(FORBIDDEN, '\uFFFD'));
  }
}

/**
 * A reply as XML: the same document as its JSON, one element for each key, one for each item of an array.
 *
 * @param envelope the top-level key, e.g. `listzonesresponse`
 */
export function renderXml(envelope: string, body: Readonly<Record<string, Json>>): string {
  const document = create({ version: '1.0', encoding: 'UTF-8' });
  append(document as unknown as Node, envelope, body);
  return document.end();
}
