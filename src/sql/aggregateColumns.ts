/**
 * Rows that hold an aggregate in three columns, where the contracts have one value.
 *
 * @internal
 */
import { type Entity, entityOf } from "../model/DomainEvent.ts"

type AggregateColumns = Parameters<typeof entityOf>[0]

/** The row of a value: its aggregate is in columns. */
export type RowOf<Value extends { readonly aggregate: Entity }> = Omit<Value, "aggregate"> & AggregateColumns

/** The value of a row. */
export const withAggregate = <Row extends AggregateColumns>({
  aggregateId,
  aggregateType,
  sourceModule,
  ...rest
}: Row) => ({ ...rest, aggregate: entityOf({ sourceModule, aggregateType, aggregateId }) })
