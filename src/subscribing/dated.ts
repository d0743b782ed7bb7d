/**
 * Events for code that is not written in Effect: their time is a `Date`.
 *
 * @since 0.1.0
 */
import { DateTime } from "effect"

/** An event whose `timestamp` is a `Date`. @since 0.1.0 */
export type Dated<Event> = Event extends { readonly timestamp: DateTime.Utc }
  ? Omit<Event, "timestamp"> & { readonly timestamp: Date }
  : Event

/** The same event, of the same class, with its time as a `Date`. @internal */
export const dated = <Event extends { readonly timestamp: DateTime.Utc }>(event: Event): Dated<Event> =>
  Object.assign(Object.create(Object.getPrototypeOf(event)), event, { timestamp: DateTime.toDate(event.timestamp) })
