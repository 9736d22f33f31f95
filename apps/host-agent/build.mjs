// Bundles the agent into the one file that is sent to hosts: build/agent.mjs.
import { build } from 'esbuild';

await build({
  entryPoints: [new URL('dist/main.js', import.meta.url).pathname],
  outfile: new URL('build/agent.mjs', import.meta.url).pathname,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  // CommonJS packages inside of the bundle call require().
  banner: {
    js: "import { createRequire as nodeRequire } from 'node:module'; const require = nodeRequire(import.meta.url);",
  },
});
