import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StepList } from '@durastack/kit/saga/steps';

/** Every workflow's step list by its name, found by scanning: no list to keep. */
export async function loadStepLists(): Promise<Map<string, StepList>> {
  const root = new URL('../', import.meta.resolve('@durastack/workflows/compute/deploy-virtual-machine.workflow'));
  const files = readdirSync(fileURLToPath(root), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.workflow.js'),
  );
  const lists = new Map<string, StepList>();
  for (const file of files.sort()) {
    const module = (await import(new URL(file, root).href)) as Record<string, StepList>;
    for (const [name, value] of Object.entries(module))
      if (name.endsWith('Steps')) lists.set(name.slice(0, -'Steps'.length), value);
  }
  return lists;
}
