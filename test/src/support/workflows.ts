import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StepList } from '@durastack/kit/saga/steps';

/** A workflow as it is found. */
export interface FoundWorkflow {
  readonly name: string;
  /** The folder of `workflows/src` that it lies in. */
  readonly area: string;
  readonly list: StepList;
}

/** Every workflow, found by scanning: no list to keep. */
export async function loadWorkflows(): Promise<FoundWorkflow[]> {
  const root = new URL('../', import.meta.resolve('@durastack/workflows/compute/deploy-virtual-machine.workflow'));
  const files = readdirSync(fileURLToPath(root), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.workflow.js'),
  );
  const found: FoundWorkflow[] = [];
  for (const file of files.sort()) {
    const module = (await import(new URL(file, root).href)) as Record<string, StepList>;
    for (const [name, list] of Object.entries(module))
      if (name.endsWith('Steps')) found.push({ name: name.slice(0, -'Steps'.length), area: dirname(file), list });
  }
  return found;
}

/** Every workflow's step list by its name. */
export async function loadStepLists(): Promise<Map<string, StepList>> {
  return new Map((await loadWorkflows()).map(({ name, list }) => [name, list]));
}
