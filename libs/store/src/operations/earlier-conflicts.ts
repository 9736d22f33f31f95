/**
 * In SQL: locks that an operation has named (`mine`), each with those that it waits for (`other`): named earlier for the
 * same resource, and not both shared. For a FROM clause; the statement says whose locks `mine` are.
 */
export const EARLIER_CONFLICTS = `operation_lock mine JOIN operation_lock other
    ON other.resource_type = mine.resource_type AND other.resource_id = mine.resource_id
   AND other.seq < mine.seq AND (other.mode = 'exclusive' OR mine.mode = 'exclusive')`;
