/**
 * A consumer that there is none of, with the one that may have been meant.
 *
 * @internal
 */
import { nearest } from "./nearest.ts"
import { ConsumerNotFound } from "./OperationErrors.ts"

/** @param names - of all consumers that there are */
export const consumerNotFound = (consumer: string, names: ReadonlyArray<string>): ConsumerNotFound => {
  const meant = nearest(consumer, names)
  return new ConsumerNotFound({ consumer, ...(meant === undefined ? {} : { nearest: meant }) })
}
