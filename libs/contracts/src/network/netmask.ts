/** The dotted mask of an IPv4 network: `10.1.0.0/16` → `255.255.0.0`. */
export function netmaskOf(cidr: string): string {
  const bits = Number(cidr.split('/')[1] ?? 32);
  const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
  return `${mask >>> 24}.${(mask >>> 16) & 0xff}.${(mask >>> 8) & 0xff}.${mask & 0xff}`;
}
