/** What a source may say about a machine, and what is taken from it. */
import type { VmSpec } from '@durastack/contracts/agent/specs';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { domainXml } from '../domain-xml.js';
import { networkOf, vmOf } from '../vm-fixture.js';
import { copyDefinition } from './copy-definition.js';

const pool = { id: randomUUID(), kind: 'shared-mount-point' as const, path: '/pool' };
const volume = { id: randomUUID(), pool, sizeBytes: 2 ** 20 };
const vm = vmOf({ instance: 'test', volume, networks: [networkOf('test', 1)], host: 7 });

/** The machine's definition on a host that keeps its files below `stateDir`. */
const definedIn = (stateDir: string, more: Partial<VmSpec> = {}): string =>
  domainXml({
    vm: { ...vm, ...more },
    ...{ instance: 'test', accelerator: 'tcg', dataDisks: [] },
    rootDisk: { type: 'file', path: '/pool/root.qcow2', format: 'qcow2', shared: true },
    paths: { seed: `${stateDir}/seed`, serialLog: `${stateDir}/log`, vncSocket: `${stateDir}/sock` },
  });
const own = definedIn('/here');

/** As libvirt writes the live definition at the source, with one thing changed. */
const live = (change: (xml: string) => string = (xml) => xml): string =>
  change(
    definedIn('/there')
      .replace(/machine="q35"/, 'machine="pc-q35-7.2"')
      .replace(/<target dev="vda" bus="virtio"\/>/, '$&<address type="pci" bus="0x02" slot="0x00" function="0x0"/>')
      .replace('<devices>', '<devices><emulator>/usr/bin/qemu</emulator><audio id="1" type="none"/>')
      .replace('</devices>', '<controller type="sata" index="0"/></devices>'),
  );
const withDevice = (xml: string) => live((text) => text.replace('</devices>', `${xml}</devices>`));
const code = (source: string): string => {
  try {
    copyDefinition(own, source);
    return 'taken';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('the definition of a copy', () => {
  it('has the files of this host, and the places of the source', () => {
    const copy = copyDefinition(own, live());
    expect(copy).toContain('/here/seed');
    expect(copy).not.toContain('/there');
    expect(copy).not.toContain('/usr/bin/qemu');
    expect(copy).toContain('pc-q35-7.2');
    expect(copy).toContain('bus="0x02"');
    expect(copy).toContain('type="sata"');
  });

  it('keeps the page cache of this host out of a shared disk, though the source began elsewhere and uses its own', () => {
    const began = live((xml) => xml.replace('cache="none"', 'cache="writeback"'));
    expect(began).toContain('cache="writeback"');
    expect(copyDefinition(own, began)).not.toContain('writeback');
    expect(copyDefinition(own, began)).toContain('cache="none"');
  });

  it('has no CD drive when the machine was started without', () => {
    const without = (xml: string) => xml.replace(/<disk type="file" device="cdrom">.*?<\/disk>/s, '');
    expect(copyDefinition(own, live())).toContain('cdrom');
    expect(without(live())).not.toContain('cdrom');
    expect(copyDefinition(own, live(without))).not.toContain('cdrom');
  });

  it('keeps a size that was changed while the machine ran', () => {
    const grown = live((xml) =>
      xml.replace('</devices>', '<memory model="dimm"><target><size unit="KiB">1</size></target></memory></devices>'),
    );
    expect(copyDefinition(own, grown)).toContain('model="dimm"');
  });

  it('has the room to grow that the machine was started with, not what it would be started with now', () => {
    const growth = { maxVcpus: 4, maxMemoryMib: 2_048 };
    const [fixed, growing] = [{ memoryMib: 512 }, { memoryMib: 512, growth }].map((size) => definedIn('/here', size));
    const isRoomy = (xml: string) => ['<maxMemory', '<numa>', 'current="1"'].map((part) => xml.includes(part));
    const from = (xml: string) => xml.replace(/machine="q35"/, 'machine="pc-q35-7.2"');
    expect(isRoomy(copyDefinition(growing!, from(fixed!)))).toEqual([false, false, false]);
    expect(isRoomy(copyDefinition(fixed!, from(growing!)))).toEqual([true, true, true]);
    // As small machines are: more processors, and QEMU is told of no room for memory that is none.
    const small = definedIn('/here', { memoryMib: 512, growth: { ...growth, maxMemoryMib: 512 } });
    expect(isRoomy(small)).toEqual([false, false, true]);
  });

  it.each([
    ['another machine', live((xml) => xml.replace(vm.id, randomUUID()))],
    ['another name', live((xml) => xml.replace(vm.domainName, 'other'))],
    ['a disk more', withDevice('<disk type="file"><source file="/etc/shadow"/><target dev="vdz"/></disk>')],
    ['a disk less', live((xml) => xml.replace('dev="vda"', 'dev="vdz"'))],
    ['a folder of the host', withDevice('<filesystem type="mount"><source dir="/"/><target dir="x"/></filesystem>')],
    ['a device of the host', withDevice('<hostdev mode="subsystem" type="pci"/>')],
    ['a socket of the host', withDevice('<channel type="unix"><source path="/run/x"/><target name="x"/></channel>')],
    ['memory in a file', withDevice('<memory model="nvdimm"><source><path>/etc/shadow</path></source></memory>')],
    ['a path in a place', live((xml) => xml.replace('bus="0x02"', 'bus="/dev/sda"'))],
    ['a program as machine type', live((xml) => xml.replace('pc-q35-7.2', '/bin/sh'))],
    ['entities', live((xml) => `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/shadow">]>${xml}`)],
    ['no domain at all', '<network/>'],
  ])('is not made from %s', (_what, source) => {
    expect(code(source)).toBe('FORBIDDEN');
  });

  it('takes nothing of what only the source says about itself', () => {
    const sly = live((xml) =>
      xml
        .replace('<os>', '<os><loader>/evil</loader><kernel>/evil</kernel>')
        .replace('</domain>', '<commandline><arg value="-evil"/></commandline></domain>')
        .replace('/pool/root.qcow2', '/evil'),
    );
    expect(copyDefinition(own, sly)).not.toContain('evil');
  });
});
