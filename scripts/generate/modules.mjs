import { readdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every built module below a folder of the checkout whose path matches, imported, in the order of its name. */
export async function builtModules(folder, pattern) {
  const dist = `${root}${folder}/dist/`;
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.js') && !file.endsWith('.spec.js') && pattern.test(file),
  );
  return Promise.all(files.sort().map((file) => import(pathToFileURL(dist + file).href)));
}

/** One row of a Markdown table. */
export function row(...cells) {
  return `| ${cells
    .map((cell) =>
      String(cell ?? '')
        .replaceAll('|', '\\|')
        .replaceAll('\n', ' '),
    )
    .join(' | ')} |`;
}

/** A Markdown table. */
export function table(head, rows) {
  return [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');
}
