/**
 * What fails a host over is told to look at once when a start of one of its machines has failed, or the last one has
 * succeeded; and one of them, to ask for starts, while there is any that was not asked for. By themselves they look
 * seldom while many hosts are lost, so that looking leaves the time to the starts.
 */
import type { Logger } from '@durastack/kit/log/logger';
import { autocommit } from '@durastack/store/database/transaction';
import { readAsker, readFailOversWithNews } from '@durastack/store/ha/lost-machines';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { DataSource } from 'typeorm';
import { workflowId } from './dispatcher.js';

/** What it works with. */
export interface NewsParts {
  readonly source: DataSource;
  readonly client: Client;
  readonly log: Logger;
}

/** @returns what tells them; call it about every second */
export function createNewsOfStarts({ source, client, log }: NewsParts): () => Promise<void> {
  let told = new Set<string>();
  const tell = async (id: string): Promise<void> => {
    try {
      await client.workflow.getHandle(id).signal('look');
    } catch (error) {
      // It looks by itself, too, only later.
      if (!(error instanceof WorkflowNotFoundError))
        log.warn({ error, workflowId: id }, 'what fails a host over could not be told to look');
    }
  };
  return async () => {
    const having = (await readFailOversWithNews(autocommit(source))).map(workflowId);
    const asker = await readAsker(autocommit(source));
    const before = told;
    told = new Set(having);
    const news = having.filter((id) => !before.has(id));
    await Promise.all([...new Set(asker ? [...news, workflowId(asker)] : news)].map(tell));
  };
}
