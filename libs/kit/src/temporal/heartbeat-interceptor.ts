import { activityInfo, Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** Often enough for the shortest time-out; not each of them reaches the server. */
const EVERY_MS = 2_000;

/**
 * Heartbeats for every activity that can: when a worker dies, its activities are given to another within the
 * heartbeat time-out, instead of after the whole time that they might have taken.
 */
export const heartbeatInterceptor: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next) {
      if (activityInfo().isLocal) return next(input);
      const context = Context.current();
      const timer = setInterval(() => context.heartbeat(), EVERY_MS);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  },
});
