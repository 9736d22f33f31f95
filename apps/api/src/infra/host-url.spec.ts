import { describe, expect, it } from 'vitest';
import { parseHostUrl } from './host-url.js';

const place = { zoneId: '', podId: '', clusterId: '', hypervisor: 'KVM', username: 'root', password: 'secret' };
const SSH = `SHA256:${'aB+/'.repeat(10)}abc`;

describe('the fingerprint of a host that is added', () => {
  it.each([
    ['of a waiting agent', 'agent://192.0.2.1:8700/rack-1?fingerprint=ab:cd', 'ab:cd'],
    ['of a host with SSH, as it is printed', `ssh://192.0.2.1?fingerprint=${SSH}`, SSH],
    ['of a host with SSH, encoded', `http://192.0.2.1?fingerprint=${encodeURIComponent(SSH)}`, SSH],
  ])('may stand in the URL: %s', (_what, url, fingerprint) => {
    const target = parseHostUrl({ ...place, url });
    expect(target.secrets).toMatchObject({ fingerprint });
    expect(target.naturalKey).not.toContain('?');
    expect(target.agentUrl).not.toContain('?');
  });

  it('is the parameter when both are given', () => {
    const both = { ...place, url: 'agent://192.0.2.1:8700?fingerprint=ab', fingerprint: 'cd' };
    expect(parseHostUrl(both).secrets).toMatchObject({ fingerprint: 'cd' });
  });
});
