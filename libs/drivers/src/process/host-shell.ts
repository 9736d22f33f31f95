/** Runs programs about one host's network: in the agent's own network namespace, or in a named one. */
import { run, type RunOptions } from './run.js';
import { startDetached, type DetachedProcess } from './detached.js';

/** Where network commands run. */
export interface HostShell {
  /** See {@link run}. */
  run(file: string, args: readonly string[], options?: RunOptions): Promise<string>;
  /** See {@link startDetached}. */
  startDetached(process: DetachedProcess): Promise<number>;
  /** Writes a kernel setting below /proc/sys, e.g. `net/ipv4/ip_forward`. */
  writeSysctl(name: string, value: string): Promise<void>;
}

/**
 * A host's shell.
 *
 * @param networkNamespace a namespace below /run/netns; absent for the agent's own
 */
export function hostShell(networkNamespace?: string): HostShell {
  const enter = (file: string, args: readonly string[]): [string, string[]] =>
    networkNamespace === undefined
      ? [file, [...args]]
      : ['nsenter', [`--net=/run/netns/${networkNamespace}`, '--', file, ...args]];
  const runHere: HostShell['run'] = (file, args, options) => run(...enter(file, args), options);
  return {
    run: runHere,
    startDetached: (process) => {
      const [file, args] = enter(process.file, process.args);
      return startDetached({ ...process, file, args });
    },
    writeSysctl: async (name, value) => {
      await runHere('tee', [`/proc/sys/${name}`], { input: value });
    },
  };
}
