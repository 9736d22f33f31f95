/** Sends and receives raw frames in a network namespace, by perl's packet sockets (Node has none). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { run } from '../process/run.js';

/** Sends each line of standard input (hex) on the interface of index `$ARGV[0]`. */
const SEND = `
socket(my $s, 17, 3, 0) or die "socket: $!";
my $to = pack('SnlSCCa8', 17, 3, $ARGV[0], 1, 0, 6, "");
while (<STDIN>) { chomp; send($s, pack('H*', $_), 0, $to) or die "send: $!" }
`;

/** Prints each frame (hex) that arrives on the interface of index `$ARGV[0]`. */
const RECEIVE = `
socket(my $s, 17, 3, unpack('S', pack('n', 3))) or die "socket: $!";
bind($s, pack('SnlSCCa8', 17, 3, $ARGV[0], 0, 0, 0, "")) or die "bind: $!";
$| = 1; print "ready\\n";
while (defined recv($s, my $frame, 65535, 0)) { print unpack('H*', $frame), "\\n" }
`;

/** One interface in a namespace. */
export interface RawLink {
  readonly namespace: string;
  readonly device: string;
}

/** Sends frames (hex) one after the other. */
export async function sendFrames(link: RawLink, frames: readonly string[]): Promise<void> {
  await run('nsenter', await inside(link, SEND), { input: frames.map((frame) => `${frame}\n`).join('') });
}

/**
 * Listens while `act` runs and for `settleMs` after it.
 *
 * @returns every frame (hex) that arrived, padding included
 */
export async function receiveDuring(link: RawLink, act: () => Promise<void>, settleMs = 500): Promise<string[]> {
  const perl = spawn('nsenter', await inside(link, RECEIVE), { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: perl.stdout });
  const frames: string[] = [];
  await once(lines, 'line');
  lines.on('line', (line) => frames.push(line));
  try {
    await act();
    await new Promise((settled) => setTimeout(settled, settleMs));
  } finally {
    perl.kill('SIGKILL');
    await once(perl, 'close');
  }
  return frames;
}

async function inside({ namespace, device }: RawLink, script: string): Promise<string[]> {
  const links = JSON.parse(await run('ip', ['-n', namespace, '-j', 'link', 'show', 'dev', device])) as [
    { ifindex: number },
  ];
  return [`--net=/run/netns/${namespace}`, '--', 'perl', '-e', script, String(links[0].ifindex)];
}
