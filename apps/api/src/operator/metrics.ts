import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The API's own metrics, in Prometheus' form. */
export const metrics = new Registry();

collectDefaultMetrics({ register: metrics, prefix: 'durastack_api_' });

/** Time of requests, by command and HTTP status. */
export const requestSeconds = new Histogram({
  name: 'durastack_api_request_seconds',
  help: 'Time of requests, by command and HTTP status.',
  labelNames: ['command', 'status'],
  buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  registers: [metrics],
});

/** Operations that have not ended, by state. */
export const openOperations = new Gauge({
  name: 'durastack_operations_open',
  help: 'Operations that have not ended, by state.',
  labelNames: ['state'],
  registers: [metrics],
});
