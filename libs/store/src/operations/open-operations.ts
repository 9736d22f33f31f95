import { OPEN_OPERATION_STATES } from '@durastack/contracts/operations/operation.state';

const STATES = OPEN_OPERATION_STATES.map((state) => `'${state}'`).join(', ');

/** The condition in SQL that an operation has not ended. `alias`: what the statement calls the table. */
export const isOpenSql = (alias: string): string => `${alias}.state IN (${STATES})`;
