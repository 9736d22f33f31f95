/**
 * The files that make the tiny guest behave: its initramfs, its init and the few scripts behind it.
 *
 * Start: syslinux → kernel → initramfs (virtio modules; grows partition 2 to the end of the disk) → ext4 root →
 * busybox init → `rcS` (file system growth, seed) → dropbear, acpid, DHCP (`online`), consoles.
 *
 * What of NoCloud it understands, on any disk labelled `cidata` or `CIDATA` (vfat or ISO 9660):
 * - `meta-data` in block YAML: `instance-id`, `local-hostname` (or `hostname`), `public-keys` in any list form;
 * - `user-data` beginning with `#!`: run as root once per instance-id, after the network is up, output in
 *   /var/log/user-data.log and on the console;
 * - `user-data` beginning with `#cloud-config`: `hostname` and `ssh_authorized_keys`; other keys are named on the
 *   console and ignored. Anything else is ignored with a line on the console.
 *
 * Keys go to root, between two marker lines that are rewritten at every start; what stands outside them is kept.
 * A changed instance-id means a clone: host keys are made anew. The consoles give a root shell without a
 * password: whoever reaches a console of a machine owns the machine anyway. SSH takes keys only.
 *
 * The scripts use no `${…}`, so that they stand here as they run.
 */

/** Words on the serial console before the address when the guest is up; tests and the CLI wait for them. */
export const TINY_IMAGE_READY = 'tiny-linux ready:';

/** Modules that the initramfs loads in any case: what the root disk and the first network card need. */
export const BOOT_MODULES: readonly string[] = ['virtio_pci', 'virtio_blk', 'ext4', 'virtio_net'];
/** Loaded by the initramfs only when there is no virtio-blk disk. */
export const SCSI_MODULES: readonly string[] = ['virtio_scsi', 'sd_mod'];
/** On the root file system, loaded at start or on demand. */
export const ROOT_MODULES: readonly string[] = [
  ...['button', 'evdev', 'virtio_rng', 'virtio_balloon', 'virtio_console', 'isofs', 'vfat', 'nls_cp437', 'nls_ascii'],
  ...['nls_utf8', 'nls_iso8859-1', 'sr_mod', '8021q'],
];

/** A file of the guest: its text and mode. */
export interface GuestFile {
  readonly text: string;
  readonly mode: number;
}

/** `/init` of the initramfs. */
export const INITRAMFS_INIT = String.raw`#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
load() { for m in $($b cat $1); do $b insmod /modules/$m; done; }
load /modules/order
[ -d /sys/class/block/vda ] || load /modules/order-scsi
disk=
tries=0
while [ -z "$disk" ] && [ $tries -lt 100 ]; do
  for d in vda sda; do [ -d /sys/class/block/$d/$d"2" ] && disk=$d && break; done
  [ -n "$disk" ] || { tries=$((tries + 1)); $b usleep 100000; }
done
fail() { echo "tiny-linux: $1; this is the shell of the initramfs"; exec $b sh; }
[ -n "$disk" ] || fail "no disk with a second partition was found"

# The partition is grown by its entry in the MBR: nothing is mounted yet, so the kernel reads the table again.
start=$($b cat /sys/class/block/$disk"2"/start)
have=$($b cat /sys/class/block/$disk"2"/size)
want=$(( ($($b cat /sys/class/block/$disk/size) - start) / 2048 * 2048 ))
[ $want -gt 4294965248 ] && want=4294965248
if [ $want -gt $have ]; then
  octal() { $b printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }
  $b printf "$(octal $want)" | $b dd of=/dev/$disk bs=1 seek=474 conv=notrunc 2>/dev/null
  $b blockdev --rereadpt /dev/$disk
  tries=0
  while [ ! -b /dev/$disk"2" ] && [ $tries -lt 50 ]; do tries=$((tries + 1)); $b usleep 20000; done
fi
tries=0
until $b mount -t ext4 -o noatime /dev/$disk"2" /root; do
  tries=$((tries + 1))
  [ $tries -lt 10 ] || fail "the root file system on $disk""2 cannot be mounted"
  $b usleep 200000
done
for d in dev proc sys; do $b mount -o move /$d /root/$d; done
exec $b switch_root /root /sbin/init
`;

const INITTAB = String.raw`::sysinit:/etc/init.d/rcS
::respawn:/usr/sbin/dropbear -F -R -s
::respawn:/sbin/acpid -f
::once:/etc/init.d/online
ttyS0::respawn:/sbin/getty -L -n -l /usr/lib/tiny/console-login 115200 ttyS0 vt100
tty1::respawn:/sbin/getty -n -l /usr/lib/tiny/console-login 38400 tty1 linux
::ctrlaltdel:/sbin/reboot
::shutdown:/etc/init.d/rcK
`;

const RC_START = String.raw`#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /dev/pts
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=1777 tmp /tmp
modprobe -a -q button evdev virtio_rng virtio_balloon virtio_console
ip link set lo up

# The initramfs grew the partition; the file system follows, once per size.
root=$(awk '$2 == "/" && $1 ~ /^\/dev\// {print $1}' /proc/mounts)
sectors=$(cat /sys/class/block/$(basename $root)/size)
if [ "$sectors" != "$(cat /var/lib/tiny/root-sectors 2>/dev/null)" ]; then
  resize2fs $root >/var/log/resize.log 2>&1 && echo $sectors >/var/lib/tiny/root-sectors
fi

hostname -F /etc/hostname
/usr/lib/tiny/seed
[ -s /etc/dropbear/dropbear_ed25519_host_key ] ||
  dropbearkey -t ed25519 -f /etc/dropbear/dropbear_ed25519_host_key >/dev/null 2>&1
sync
`;

const RC_STOP = String.raw`#!/bin/sh
kill -TERM -1
usleep 300000
kill -KILL -1
sync
umount -a -r 2>/dev/null
`;

const SEED = String.raw`#!/bin/sh
# Applies the NoCloud seed disk, if there is one.
state=/var/lib/tiny
say() { echo "tiny-linux: $1" >/dev/console; }

device=$(findfs LABEL=CIDATA 2>/dev/null || findfs LABEL=cidata 2>/dev/null) || exit 0
type=vfat
[ "$(dd if=$device bs=1 skip=32769 count=5 2>/dev/null)" = CD001 ] && type=iso9660
mkdir -p /run/seed
mount -t $type -o ro $device /run/seed || { say "the seed disk $device could not be mounted"; exit 0; }
meta=/run/seed/meta-data
user=/run/seed/user-data
[ -f $meta ] || { say "the seed disk $device has no meta-data"; umount /run/seed; exit 0; }

value() { tr -d '\r' <$1 | sed -n "s/^$2:[ 	]*//p" | head -n 1 | sed "s/^[\"']//; s/[\"'][ 	]*$//"; }
keys() { grep -oE '(ssh-[a-z0-9]+|ecdsa-sha2-[a-z0-9-]+|sk-[a-z0-9@.-]+) [A-Za-z0-9+/=]+( [^"]*)?'; }
section() { awk -v name="$2:" 'index($0, name) == 1 {on = 1; print; next} /^[^ \t-]/ {on = 0} on' $1; }

kind=none
if [ -s $user ]; then
  case "$(head -n 1 $user | tr -d '\r')" in
    '#!'*) kind=script ;;
    '#cloud-config'*) kind=config ;;
    *) say "the user-data is neither a script nor #cloud-config and is ignored" ;;
  esac
fi

name=$(value $meta local-hostname)
[ -n "$name" ] || name=$(value $meta hostname)
if [ $kind = config ]; then
  given=$(value $user hostname)
  [ -n "$given" ] && name=$given
  others=$(sed -n 's/^\([a-z_]*\):.*/\1/p' $user | grep -vxE 'hostname|ssh_authorized_keys' | tr '\n' ' ')
  [ -n "$others" ] && say "ignored in #cloud-config: $others"
fi
if echo "$name" | grep -qE '^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$'; then
  echo "$name" >/etc/hostname
  hostname "$name"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n' "$name" >/etc/hosts
fi

file=/root/.ssh/authorized_keys
umask 077
mkdir -p /root/.ssh
touch $file
{
  sed '/^# seed begin$/,/^# seed end$/d' $file
  echo '# seed begin'
  keys <$meta
  [ $kind = config ] && section $user ssh_authorized_keys | keys
  echo '# seed end'
} >$file.new
mv $file.new $file

id=$(value $meta instance-id)
before=$(cat $state/instance-id 2>/dev/null)
if [ "$id" != "$before" ]; then
  [ -n "$before" ] && rm -f /etc/dropbear/dropbear_*_host_key
  rm -f $state/user-data
  [ $kind = script ] && cp $user $state/user-data && chmod 700 $state/user-data
  sync
  echo "$id" >$state/instance-id
fi
umount /run/seed
`;

const ONLINE = String.raw`#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
for i in $(ls /sys/class/net | grep ^eth); do
  ip link set $i up
  udhcpc -i $i -b -S -t 6 -T 1 -A 5 -x hostname:$(hostname) -s /usr/lib/tiny/udhcpc >/dev/null 2>&1
done
address=$(ip -4 -o addr show scope global 2>/dev/null | awk '{print $4}' | head -n 1)
[ -n "$address" ] || address=none
# On a line of its own: the console's shell may have printed its prompt already.
printf '\n%s\n' "${TINY_IMAGE_READY} host $(hostname) address $address up $(cut -d' ' -f1 /proc/uptime) s" >/dev/console

# Once per instance: the file is taken away before it runs, so that a script that reboots does not run again.
script=/var/lib/tiny/user-data
if [ -x $script ]; then
  mv $script $script.ran
  sync
  cd /root
  { $script.ran 2>&1; echo "tiny-linux: user-data ended with status $?"; } | tee -a /var/log/user-data.log >/dev/console
fi
`;

const UDHCPC = String.raw`#!/bin/sh
case "$1" in
  deconfig) ip -4 addr flush dev $interface; ip link set $interface up ;;
  bound | renew)
    ip -4 addr show dev $interface | grep -q " $ip/$mask " || {
      ip -4 addr flush dev $interface
      ip addr add $ip/$mask dev $interface
    }
    [ -n "$mtu" ] && ip link set $interface mtu $mtu
    for r in $router; do ip route show default | grep -q . || ip route add default via $r dev $interface; break; done
    [ -n "$dns" ] && {
      [ -n "$domain" ] && echo "search $domain"
      for d in $dns; do echo "nameserver $d"; done
    } >/run/resolv.conf
    ;;
esac
exit 0
`;

const CONSOLE_LOGIN = String.raw`#!/bin/sh
export HOME=/root USER=root PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd /root
cat /etc/issue
exec sh -l
`;

/** Every file of the guest's root by its path, apart from programs, libraries and modules. */
export const GUEST_FILES: Readonly<Record<string, GuestFile>> = {
  'etc/inittab': { text: INITTAB, mode: 0o644 },
  'etc/init.d/rcS': { text: RC_START, mode: 0o755 },
  'etc/init.d/rcK': { text: RC_STOP, mode: 0o755 },
  'etc/init.d/online': { text: ONLINE, mode: 0o755 },
  'etc/acpi/PWRF/00000080': { text: '#!/bin/sh\nexec poweroff\n', mode: 0o755 },
  'usr/lib/tiny/seed': { text: SEED, mode: 0o755 },
  'usr/lib/tiny/udhcpc': { text: UDHCPC, mode: 0o755 },
  'usr/lib/tiny/console-login': { text: CONSOLE_LOGIN, mode: 0o755 },
  'etc/passwd': { text: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n', mode: 0o644 },
  'etc/group': { text: 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n', mode: 0o644 },
  'etc/shadow': { text: 'root:*:19000:0:99999:7:::\n', mode: 0o600 },
  'etc/shells': { text: '/bin/sh\n', mode: 0o644 },
  'etc/hostname': { text: 'tiny\n', mode: 0o644 },
  'etc/hosts': { text: '127.0.0.1 localhost\n::1 localhost\n', mode: 0o644 },
  'etc/nsswitch.conf': { text: 'passwd: files\ngroup: files\nhosts: files dns\n', mode: 0o644 },
  'etc/profile': { text: "export PATH=/usr/sbin:/usr/bin:/sbin:/bin\nPS1='\\u@\\h:\\w# '\n", mode: 0o644 },
  'etc/issue': { text: 'tiny-linux: busybox and dropbear on a distribution kernel\n', mode: 0o644 },
  'etc/os-release': { text: 'NAME="tiny-linux"\nID=tiny\nID_LIKE=debian\nPRETTY_NAME="tiny-linux"\n', mode: 0o644 },
};

/** Symbolic links of the guest's root: link → target. */
export const GUEST_LINKS: Readonly<Record<string, string>> = {
  bin: 'usr/bin',
  sbin: 'usr/sbin',
  lib: 'usr/lib',
  lib64: 'usr/lib64',
  'var/run': '/run',
  'etc/resolv.conf': '/run/resolv.conf',
  'etc/mtab': '/proc/mounts',
};

/** Empty directories of the guest's root and their modes. */
export const GUEST_DIRECTORIES: Readonly<Record<string, number>> = {
  dev: 0o755,
  proc: 0o755,
  sys: 0o755,
  run: 0o755,
  tmp: 0o1777,
  mnt: 0o755,
  root: 0o700,
  'etc/dropbear': 0o700,
  'var/lib/tiny': 0o700,
  'var/log': 0o755,
};
