/**
 * Names of columns as PostgreSQL gave them, for statements of an application that lets `postgres` make others of them (`postgres.camel`).
 * There is no option for one statement: the application's function is asked for each column of each result. So what it was asked is
 * written down while the columns of a statement of ours are read, which nothing interrupts.
 *
 * @internal
 */

/** A statement that `postgres` has built: it gets its columns when they are described. */
interface Statement {
  columns?: ReadonlyArray<object>
}

/** The columns being read, and what they are called. */
interface Reading {
  readonly columns: ReadonlyArray<object>
  readonly names: Array<string>
}

/** What makes other names of those of columns. */
interface Transform {
  from?: ((name: string) => string) | undefined
}

/** Lets `transform` write down what it is asked. Nothing is done where nothing makes other names. */
const observe = (transform: Transform) => {
  const { from } = transform
  const named = new WeakMap<object, ReadonlyArray<string>>()
  let reading: Reading | undefined
  if (from !== undefined) {
    transform.from = (name) => {
      if (reading !== undefined && reading.names.length < reading.columns.length) reading.names.push(name)
      return from(name)
    }
  }

  const watch = (statement: Statement) => {
    let { columns } = statement
    Object.defineProperty(statement, "columns", {
      enumerable: true,
      get: () => columns,
      set: (value: ReadonlyArray<object> | null | undefined) => {
        columns = value ?? undefined
        reading = value === null || value === undefined ? undefined : { columns: value, names: [] }
        if (reading !== undefined) named.set(reading.columns, reading.names)
      }
    })
  }

  return {
    /** The text of a statement, which is not the same as one of the application's: that is prepared, and has its columns already. */
    textOf: (sql: string) => (from === undefined ? sql : `${sql}\n`),
    /** Looks at the columns of a query that was not sent yet. */
    watched: <Query extends object>(query: Query): Query => {
      if (from === undefined) return query
      let statement: Statement | null = null
      return Object.defineProperty(query, "statement", {
        enumerable: true,
        get: () => statement,
        set: (value: Statement | null) => {
          statement = value
          // One that was prepared before has its columns already.
          if (value !== null && Object.getOwnPropertyDescriptor(value, "columns")?.set === undefined) watch(value)
        }
      })
    },
    /** The names of columns that were watched; those of others are as they are. */
    of: (columns: ReadonlyArray<{ readonly name: string }>): ReadonlyArray<string> => {
      const names = named.get(columns)
      return names?.length === columns.length ? names : columns.map(({ name }) => name)
    }
  }
}

const observed = new WeakMap<Transform, ReturnType<typeof observe>>()

/** The original names of what `transform` is asked, for all who use it. */
export const originalNames = (transform: Transform) => {
  const names = observed.get(transform) ?? observe(transform)
  observed.set(transform, names)
  return names
}
