/**
 * `node scripts/complete-lock.mjs`: names every platform's variant of native packages in package-lock.json.
 *
 * npm leaves out what a registry mirror does not carry (say, the macOS variants), and `npm ci` then refuses the lock
 * everywhere else. A variant's system, processor and C library are in its name. They are locked by version; what
 * is installed on the tested platform is locked by checksum too. `--check` only says whether something is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];
const LIBRARIES = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(path, 'utf8'));
const missing = {};

for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const words = name.split(/[/-]/);
    const os = words.filter((word) => SYSTEMS.includes(word));
    const cpu = words.map((word) => (word === 'wasm' ? 'wasm32' : word)).filter((word) => PROCESSORS.includes(word));
    const isVariant = /^\d/.test(version) && (os.length === 1 || cpu.length === 1);
    if (!isVariant || isLocked(place, name)) continue;
    const libc = words.filter((word) => word in LIBRARIES).map((word) => LIBRARIES[word]);
    missing[`node_modules/${name}`] = {
      version,
      ...(cpu.length > 0 ? { cpu } : {}),
      ...(entry.dev ? { dev: true } : {}),
      ...(libc.length > 0 ? { libc } : {}),
      optional: true,
      ...(os.length > 0 ? { os } : {}),
    };
  }
}

/** Node looks below the package itself, then upwards. */
function isLocked(place, name) {
  for (let at = place; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
  }
}

const names = Object.keys(missing);
if (names.length > 0 && process.argv.includes('--check')) {
  const text = `package-lock.json lacks ${names.length} platform variants, e.g. ${names[0]}: run node scripts/complete-lock.mjs\n`;
  process.stderr.write(text);
  process.exit(1);
}
if (names.length > 0) {
  const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
}
process.stdout.write(`package-lock.json: ${names.length} platform variants added.\n`);
