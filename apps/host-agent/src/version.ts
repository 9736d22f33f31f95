/** The agent's version, as health and facts tell it. */
export const AGENT_VERSION = '0.1.0';
