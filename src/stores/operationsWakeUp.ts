/**
 * How processes tell each other that an operation was started, or stopped: as they tell that a consumer has work.
 *
 * @internal
 */

/** No consumer has this name: names cannot hold such a character. */
export const operationsWakeUp = "\u0000operations"
