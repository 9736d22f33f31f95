import { describe, expect, it } from 'vitest';
import { detect, silenceNeededMs, type Silence, type Witnesses } from './detect.js';

const WINDOW_MS = 15_000;
const NOBODY: Witnesses = { power: 'unknown', peers: [], neighbours: 0, pools: [] };
const blind = (...names: string[]) => names.map((name) => ({ name, sees: 'nothing' as const }));
const after = (silentMs: number, witnesses: Partial<Witnesses> | undefined, falls = 1): Silence => ({
  silentMs,
  falls,
  witnesses: witnesses && { ...NOBODY, ...witnesses },
});
const LONG = 60_000;

describe('what follows from silence', () => {
  it.each<[name: string, silence: Silence, state: string, reason: RegExp]>([
    ['it is short', after(14_999, { power: 'off' }), 'Suspect', /less than 15 s/],
    ['nobody was asked yet', after(LONG, undefined), 'Checking', /being asked/],
    ['nobody can say', after(LONG, {}), 'Checking', /no management controller answers, no neighbour is heard/],
    ['the controller says on', after(LONG, { power: 'on' }), 'Checking', /says that it is on/],
    ['the controller says off', after(LONG, { power: 'off' }), 'Fencing', /says that it is off/],
    ['two neighbours see nothing', after(LONG, { peers: blind('a', 'b'), neighbours: 3 }), 'Fencing', /a and b see/],
    ['one of three neighbours answers', after(LONG, { peers: blind('a'), neighbours: 3 }), 'Checking', /1 of 3/],
    ['the only neighbour sees nothing', after(LONG, { peers: blind('a'), neighbours: 1 }), 'Fencing', /a see/],
    [
      'one of many neighbours reaches it',
      after(LONG, { power: 'off', peers: [...blind('a', 'b', 'c'), { name: 'd', sees: 'agent' }], neighbours: 4 }),
      'Degraded',
      /d reaches its agent, although its management controller says that it is off/,
    ],
    [
      'only its agent is gone',
      after(LONG, { peers: [{ name: 'a', sees: 'machine' }], neighbours: 1 }),
      'Degraded',
      /a reaches its machine/,
    ],
    [
      'it is cut off but writes to its pool',
      after(LONG, { peers: blind('a', 'b'), neighbours: 2, pools: [{ name: 'nfs', heartbeat: 'goes on' }] }),
      'Degraded',
      /writes to the pool nfs/,
    ],
    [
      'its storage heartbeat stopped',
      after(LONG, { pools: [{ name: 'nfs', heartbeat: 'stopped' }] }),
      'Fencing',
      /nfs/,
    ],
  ])('%s', (_name, silence, state, reason) => {
    const seen = detect(silence, WINDOW_MS);
    expect(seen.state).toBe(state);
    expect(seen.reason).toMatch(reason);
  });

  it('counts for a host that flaps when it has lasted for longer, up to a limit', () => {
    expect([0, 1, 2, 3, 4, 50].map((falls) => silenceNeededMs(falls, WINDOW_MS) / WINDOW_MS)).toEqual([
      1, 1, 2, 4, 4, 4,
    ]);
    for (const witnesses of [{}, { peers: blind('a', 'b'), neighbours: 2 }, undefined])
      expect(detect(after(20_000, witnesses, 2), WINDOW_MS)).toMatchObject({
        state: 'Suspect',
        reason: expect.stringMatching(/fell silent 2 times/) as string,
      });
  });

  it('counts at once for a host that flaps and is off now: that is no flapping', () => {
    expect(detect(after(14_999, { power: 'off' }, 4), WINDOW_MS).state).toBe('Suspect');
    expect(detect(after(15_000, { power: 'off' }, 4), WINDOW_MS)).toMatchObject({
      state: 'Fencing',
      reason: expect.stringContaining('more than 15 s') as string,
    });
    const seen = [{ name: 'a', sees: 'machine' as const }];
    expect(detect(after(20_000, { power: 'off', peers: seen, neighbours: 1 }, 4), WINDOW_MS).state).toBe('Suspect');
  });

  it('is the same for one host, whatever happens to how many others', () => {
    // Nothing about others is an input: half of a cluster is judged host by host.
    expect(Object.keys(after(0, {})).sort()).toEqual(['falls', 'silentMs', 'witnesses']);
  });
});
