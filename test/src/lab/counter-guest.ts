/**
 * The counter guest: a tiny Linux that proves by itself that it ran once and nowhere twice.
 *
 * About five times a second it adds one to a counter, serves `<nonce> <count>` over HTTP, and writes the same as a
 * sector of its own into the gap before the first partition of its disk, past every cache and flushed. The nonce is new at each
 * boot. Before it writes it reads its last record back: somebody else's there is a second running copy, which it
 * notes in the first sector of the log.
 *
 * The log is a ring: record i lies in sector FIRST + i modulo COUNT, so two copies that run one after the other leave
 * one run of nonces each, and two at a time leave a mixture.
 */

/** Where the log lies on the disk, in sectors of 512 bytes. The gap ends at 2048. */
export const COUNTER_LOG = { alarmSector: 63, firstSector: 64, sectors: 1900 } as const;
/** Port and path of the counter. */
export const COUNTER_PATH = ':80/counter';

const SCRIPT = String.raw`#!/bin/sh
# Counts; see test/src/lab/counter-guest.ts
disk=/dev/vda
[ -b $disk ] || disk=/dev/sda
nonce=$(cat /proc/sys/kernel/random/boot_id)
mkdir -p /run/www
httpd -p 80 -h /run/www
record() { dd if=$disk bs=512 skip=$1 count=1 iflag=direct 2>/dev/null | tr -d '\000'; }
write() { printf '%-512s' "$2" | dd of=$disk bs=512 seek=$1 count=1 oflag=direct conv=notrunc,fsync 2>/dev/null; }
n=$(dd if=$disk bs=512 skip=FIRST count=SECTORS 2>/dev/null | tr -d '\000' | tr -s ' ' '\n' | grep '^n=' | cut -c3- | sort -n | tail -n 1)
[ -n "$n" ] || n=0
mine=
while true; do
  if [ -n "$mine" ]; then
    there=$(record $((FIRST + n % SECTORS)))
    case "$there" in
      "$mine "*) ;;
      *) write ALARM "foreign record: expected $mine, found $there" ;;
    esac
  fi
  n=$((n + 1))
  mine="counter $nonce n=$n"
  write $((FIRST + n % SECTORS)) "$mine "
  echo "$nonce $n" >/run/www/counter.new
  mv /run/www/counter.new /run/www/counter
  usleep 150000
done
`;

/** The user data that turns the tiny image into a counter guest, base64. It counts from the first boot on. */
export function counterUserData(): string {
  const script = SCRIPT.replaceAll('ALARM', String(COUNTER_LOG.alarmSector))
    .replaceAll('FIRST', String(COUNTER_LOG.firstSector))
    .replaceAll('SECTORS', String(COUNTER_LOG.sectors));
  const install = [
    '#!/bin/sh',
    "cat >/usr/sbin/counter <<'COUNTER'",
    script.trimEnd(),
    'COUNTER',
    'chmod 755 /usr/sbin/counter',
    // From now on at each boot.
    "echo '::respawn:/usr/sbin/counter' >>/etc/inittab",
    'sync',
    'kill -HUP 1',
    '',
  ].join('\n');
  return Buffer.from(install).toString('base64');
}

/** A record of the log. */
export interface CounterRecord {
  readonly nonce: string;
  readonly count: number;
}

/** What a log says. */
export interface CounterLog {
  /** In the order in which they were written. */
  readonly records: readonly CounterRecord[];
  /** Boots in the order of their first record; more than one run of the same boot is listed twice. */
  readonly runs: readonly string[];
  /** What the guest itself noticed. */
  readonly alarm: string | undefined;
  /** Whether two copies have written at the same time. */
  readonly isInterleaved: boolean;
}

/**
 * Reads the log out of the first MiB of a disk.
 *
 * @param start raw bytes of the disk from its beginning
 */
export function readCounterLog(start: Buffer): CounterLog {
  const sector = (index: number): string => start.subarray(index * 512, (index + 1) * 512).toString('latin1');
  const records: CounterRecord[] = [];
  for (let i = 0; i < COUNTER_LOG.sectors; i += 1) {
    const match = /^counter ([0-9a-f-]{36}) n=(\d+) /.exec(sector(COUNTER_LOG.firstSector + i));
    if (match?.[1] !== undefined) records.push({ nonce: match[1], count: Number(match[2]) });
  }
  records.sort((a, b) => a.count - b.count);
  const runs = records.map(({ nonce }) => nonce).filter((nonce, i, all) => nonce !== all[i - 1]);
  const alarm = sector(COUNTER_LOG.alarmSector).replaceAll('\0', '').trim();
  return {
    records,
    runs,
    alarm: alarm === '' ? undefined : alarm,
    isInterleaved: alarm !== '' || new Set(runs).size !== runs.length,
  };
}
