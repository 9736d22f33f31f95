/** Version of the agent that belongs to this control plane; each agent says its own in its facts. */
export const AGENT_VERSION = '0.1.0';
