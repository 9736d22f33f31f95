import { describe, expect, it } from 'vitest';
import { parseUnit } from './unit-file.js';

describe('a unit file', () => {
  it('gives what a lab host obeys', () => {
    const text = [
      '[Unit]',
      'ConditionPathExists=/var/lib/x/identity.json',
      '[Service]',
      'ExecStart=/opt/x/node /opt/x/agent.mjs',
      'Restart=always',
      'RestartSec=1',
      'TimeoutStopSec=20',
    ].join('\n');
    expect(parseUnit('x.service', text)).toMatchObject({
      name: 'x.service',
      command: ['/opt/x/node', '/opt/x/agent.mjs'],
      condition: '/var/lib/x/identity.json',
      restartDelayMs: 1_000,
      stopTimeoutMs: 20_000,
    });
  });

  it('is refused without a program', () => {
    expect(() => parseUnit('y.service', '[Service]\nExecStart=agent\n')).toThrow(/y\.service has no ExecStart/);
  });
});
