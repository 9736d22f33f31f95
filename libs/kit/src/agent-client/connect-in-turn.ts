/**
 * Connections are opened a few at a time, in the order in which they were asked for.
 *
 * When a control plane starts anew, or many hosts return, it calls hundreds of hosts at once. Were all handshakes begun
 * together, each would take longer than a connection may, and what was spent on it would be spent again.
 */
import type { buildConnector } from 'undici';
import { takeTurns } from '../take-turns.js';

/** Enough that the time of the way to a host and back is not lost. */
const AT_ONCE = 32;
/** A connection that is not there by then goes on, but keeps no other waiting: its host may be dead. */
const TURN_MS = 250;

/** @returns what gives connectors their turns, all of them together */
export function connectInTurn(): (connect: buildConnector.connector) => buildConnector.connector {
  const inTurn = takeTurns({ atOnce: AT_ONCE, turnMs: TURN_MS });
  return (connect) => (options, callback) =>
    inTurn((end) => {
      const answer: buildConnector.Callback = (...result) => {
        end();
        callback(...result);
      };
      try {
        connect(options, answer);
      } catch (error) {
        // It may be another one's end that began this one.
        answer(error as Error, null);
      }
    });
}
