/**
 * What a client must make of parameters and of results.
 *
 * @internal
 */
import assert from "node:assert/strict"
import type { ClientParameter, TransactionClient } from "../../stores/TransactionClient.ts"
import { alone, check } from "./clientSupport.ts"

/** What breaks where somebody quotes, escapes or counts: quotes, backslashes, lines, other alphabets, other placeholders. */
const texts = [
  "",
  "plain",
  `it's "quoted" \`so\``,
  "C:\\dir\\n \\' \\\\?",
  "two\nlines\r\n\tand more",
  "grüße 😀 日本 \u00a0\u2028",
  "? ?? :name $1 $2 %s {a} <%= b %>",
  "{1,2}",
  "null",
  "t",
  "1",
  '{"a":1}',
  "2026-01-02"
]

const json = JSON.stringify({ text: texts.join("|"), list: [1, null, true], "?": "$1" })

/** Parameters, each with an expression for it and what PostgreSQL is to make of it, as text. */
const parameters: ReadonlyArray<readonly [value: ClientParameter, expression: string, text: string | null]> = [
  ...texts.map((text) => [text, "$n::text", text] as const),
  [7, "$n::int::text", "7"],
  [-7, "$n::int::text", "-7"],
  [0, "$n::int::text", "0"],
  [2 ** 40, "$n::bigint::text", "1099511627776"],
  [1.5, "$n::float8::text", "1.5"],
  [2, "$n::float8::text", "2"],
  [true, "$n::boolean::text", "true"],
  [false, "$n::boolean::text", "false"],
  [null, "$n::text", null],
  [null, "$n::int::text", null],
  [json, "(CASE WHEN $n::text::jsonb = $n::text::jsonb THEN $n::text END)", json],
  [json, "($n::text::jsonb ->> 'text')", texts.join("|")],
  ["2026-01-02T03:04:05.678Z", "extract(epoch FROM $n::text::timestamptz)::float8::text", "1767323045.678"],
  ['{a,"b,c","d\\"e",NULL,"?"}', "($n::text::text[])[3]", 'd"e'],
  ["\\x00ff27", "encode($n::text::bytea, 'hex')", "00ff27"]
]

/** Parameters without a cast, each with the type of the column they are for, and what is there then, as text. */
const uncast: ReadonlyArray<readonly [value: ClientParameter, type: string, text: string | null]> = [
  ["\\x00ff27", "bytea", "\\x00ff27"],
  ['{"a": ["1", null]}', "jsonb", '{"a": ["1", null]}'],
  ['"text"', "jsonb", '"text"'],
  ["[1]", "json", "[1]"],
  ["true", "boolean", "true"],
  ["f", "boolean", "false"],
  [true, "boolean", "true"],
  [false, "boolean", "false"],
  ["infinity", "timestamptz", "infinity"],
  ["2026-01-02T03:04:05.678Z", "timestamptz", "2026-01-02 03:04:05.678+00"],
  ["2026-01-02 03:04:05.678901", "timestamp", "2026-01-02 03:04:05.678901"],
  ["-infinity", "timestamp", "-infinity"],
  ["2026-01-02", "date", "2026-01-02"],
  ['{a,"b,c","d\\"e",NULL,"?"}', "text[]", '{a,"b,c","d\\"e",NULL,?}'],
  ["{1,2}", "int[]", "{1,2}"],
  ["9007199254740993", "bigint", "9007199254740993"],
  ["12.50", "numeric", "12.50"],
  [true, "jsonb", "true"],
  [true, "text", "true"],
  [7, "int", "7"],
  [7, "jsonb", "7"],
  [7, "text", "7"],
  [1.5, "float8", "1.5"],
  ["it's", "text", "it's"],
  [null, "jsonb", null],
  [null, "bytea", null]
]

const sent = <Tx>(client: TransactionClient<Tx>) => [
  check("parameters arrive as they are, each alone", async () => {
    for (const [value, expression, text] of parameters) {
      const { rows } = await alone(client, `SELECT ${expression.replaceAll("$n", "$1")} AS it`, [value])
      assert.deepEqual(rows, [[text]], `${JSON.stringify(value)} as ${expression}`)
    }
  }),

  check("parameters arrive as they are, many in one statement, in any order", async () => {
    const expressions = parameters.map(([, expression], index) => expression.replaceAll("$n", `$${index + 1}`))
    const values = parameters.map(([value]) => value)
    const { rows } = await alone(
      client,
      `SELECT * FROM unnest(ARRAY[${expressions.toReversed().join(", ")}]) AS one (it)`,
      values
    )
    assert.deepEqual(
      rows.map(([it]) => it).toReversed(),
      parameters.map(([, , text]) => text)
    )
  }),

  check("parameters without a cast are what PostgreSQL reads in their text, as the column's type has it", () =>
    client.transaction(async (tx) => {
      const names = uncast.map((_, index) => `c${index}`)
      const columns = uncast.map(([, type], index) => `c${index} ${type}`)
      const places = uncast.map((_, index) => `$${index + 1}`)
      const values = uncast.map(([value]) => value)
      await client.query(tx, `CREATE TEMPORARY TABLE uncast (${columns.join(", ")}) ON COMMIT DROP`, [])
      await client.query(tx, "SET LOCAL TimeZone = 'Asia/Kolkata'", [])
      const insert = `INSERT INTO uncast (${names.join(", ")}) VALUES (${places.join(", ")})`
      // As it is prepared, and as it was.
      for (let n = 0; n < 2; n++) await client.query(tx, insert, values)
      await client.query(tx, "SET LOCAL TimeZone = 'UTC'", [])
      const { rows } = await client.query(
        tx,
        `SELECT ${names.map((name) => `${name}::text AS ${name}`).join(", ")} FROM uncast`,
        []
      )
      const texts = uncast.map(([, , text]) => text)
      assert.deepEqual(rows, [texts, texts])
    })
  ),

  check("a parameter is used as often as it stands in the statement", async () => {
    const { rows } = await alone(client, "SELECT $2::text AS a, $1::int AS b, $2::text AS c, $1::int + $1::int AS d", [
      2,
      "x"
    ])
    assert.deepEqual(
      rows.map((row) => row.map(String)),
      [["x", "2", "x", "4"]]
    )
  }),

  check("what looks like a parameter in text, names, comments and operators is none", async () => {
    const sql = `SELECT '$1 ? ?? \\? :a it''s' AS "a?$1:b", $q$?'$2$q$ AS two, E'\\'?' AS three, -- ? $3 '
      '{"a":1}'::jsonb ? $1::text AS four, /* $2 ? ' */ '{"a":1}'::jsonb ?| ARRAY['b', $1::text] AS five,
      ('{"a":1}'::jsonb ?& ARRAY['b'])::text AS six, (ARRAY[[1,2],[3,4]])[1:2][1:1]::text AS seven`
    const { columns, rows } = await alone(client, sql, ["a"])
    assert.equal(columns[0]?.name, "a?$1:b")
    const [row = []] = rows
    assert.deepEqual(row.slice(0, 3), ["$1 ? ?? \\? :a it's", "?'$2", "'?"])
    assert.ok(
      row.slice(3, 5).every((value) => value === true || value === "t"),
      `operators with ?: ${row.join()}`
    )
    assert.deepEqual(row.slice(5), ["false", "{{1},{3}}"])
    const without = await alone(client, `SELECT '$1 ? ?? \\? it''s' AS one, '{"a":1}'::jsonb ? 'a' AS two`)
    assert.equal(without.rows[0]?.[0], "$1 ? ?? \\? it's")
  })
]

const isJson = (value: unknown) => {
  assert.deepEqual(typeof value === "string" ? JSON.parse(value) : value, { a: [1, null] })
  return true
}

const instant = Date.parse("2026-01-02T03:04:05.678Z")

const isInstant = (value: unknown) =>
  (value instanceof Date
    ? value
    : new Date(
        String(value)
          .replace(" ", "T")
          .replace(/[+-]\d\d$/, "$&:00")
      )
  ).getTime() === instant

/** Columns with what a client may make of them: with the type's OID, PostgreSQL's own text too. */
const types: ReadonlyArray<
  readonly [sql: string, oid: number, parsed: (value: unknown) => boolean, text: (value: unknown) => boolean]
> = [
  ["7::int", 23, (_) => _ === 7, (_) => _ === "7"],
  ["1.5::float8", 701, (_) => _ === 1.5, (_) => _ === "1.5"],
  ["true", 16, (_) => _ === true, (_) => _ === "t"],
  ["false", 16, (_) => _ === false, (_) => _ === "f"],
  ["'12'::text", 25, (_) => _ === "12", (_) => _ === "12"],
  ["'{\"a\":1}'::text", 25, (_) => _ === '{"a":1}', () => false],
  [
    "'b2f5ff47-4366-4c1b-8b0f-1f2d3c4b5a69'::uuid",
    2950,
    (_) => _ === "b2f5ff47-4366-4c1b-8b0f-1f2d3c4b5a69",
    () => false
  ],
  ["ARRAY['a', 'b']", 1009, (_) => Array.isArray(_) && _.join() === "a,b", (_) => _ === "{a,b}"],
  ["'2026-01-02T03:04:05.678Z'::timestamptz", 1184, (_) => _ instanceof Date && isInstant(_), isInstant],
  ["'{\"a\": [1, null]}'::jsonb", 3802, (_) => typeof _ === "object" && isJson(_), isJson],
  ["NULL::int", 23, (_) => _ === null, () => false],
  ["NULL::jsonb", 3802, (_) => _ === null, () => false]
]

const received = <Tx>(client: TransactionClient<Tx>, areRowsObjects: boolean) => [
  check("values are PostgreSQL's own texts, with the types' OIDs, or what they mean", async () => {
    const sql = `SELECT ${types.map(([expression], index) => `${expression} AS c${index}`).join(", ")}`
    for (const parameterized of [false, true]) {
      const { columns, rows } = await alone(
        client,
        parameterized ? `${sql}, $1::text AS last` : sql,
        parameterized ? ["x"] : []
      )
      types.forEach(([expression, oid, parsed, text], index) => {
        const column = columns[index]
        const value = rows[0]?.[index]
        assert.equal(column?.name, `c${index}`)
        assert.ok(
          column.type === undefined || column.type === oid,
          `the OID of ${expression} is ${oid}, not ${column.type}`
        )
        assert.ok(
          parsed(value) || (column.type !== undefined && text(value)),
          `${expression} is no ${typeof value} ${value}`
        )
      })
    }
  }),

  check("columns come in order, as they are named, and so do rows", async () => {
    // Keys of objects that are numbers come first, and in their order.
    const [first, second] = areRowsObjects ? ["b", "a"] : ["2", "1"]
    const sql = `SELECT n AS "${first}", n + 10 AS "${second}", 'x' AS "some_name", 'y' AS "someName", 'z' AS "A b"
      FROM generate_series(1, 3) AS n ORDER BY n DESC`
    const { columns, rows } = await alone(client, sql)
    assert.deepEqual(
      columns.map(({ name }) => name),
      [first, second, "some_name", "someName", "A b"]
    )
    assert.deepEqual(
      rows.map((row) => row.map(String)),
      [3, 2, 1].map((n) => [`${n}`, `${n + 10}`, "x", "y", "z"])
    )
  }),

  ...(areRowsObjects
    ? []
    : [
        check("columns of one name are kept apart", async () => {
          const { columns, rows } = await alone(client, "SELECT 'a' AS x, 'b' AS x, 'c' AS y")
          assert.deepEqual(
            columns.map(({ name }) => name),
            ["x", "x", "y"]
          )
          assert.deepEqual(rows, [["a", "b", "c"]])
        })
      ]),

  check("a statement that gives no rows has none, nor columns", () =>
    client.transaction(async (tx) => {
      const table = `"clients ${crypto.randomUUID()}"`
      for (const [sql, values] of [
        [`CREATE TEMPORARY TABLE ${table} (id int UNIQUE DEFERRABLE) ON COMMIT DROP`, []],
        ["SAVEPOINT one", []],
        ["SET CONSTRAINTS ALL IMMEDIATE", []],
        [`INSERT INTO ${table} VALUES (1)`, []],
        [`INSERT INTO ${table} VALUES ($1)`, [2]],
        [`UPDATE ${table} SET id = id + $1`, [10]],
        ["SET LOCAL statement_timeout = 0", []],
        ["RELEASE SAVEPOINT one", []]
      ] satisfies ReadonlyArray<[string, ReadonlyArray<ClientParameter>]>) {
        const result = await client.query(tx, sql, values)
        assert.deepEqual({ columns: [...result.columns], rows: [...result.rows] }, { columns: [], rows: [] }, sql)
      }
      const returned = await client.query(tx, `INSERT INTO ${table} VALUES ($1), (4) RETURNING id`, [3])
      assert.deepEqual(
        returned.rows.map((row) => row.map(Number)),
        [[3], [4]]
      )
      const { rows } = await client.query(tx, `SELECT id FROM ${table} WHERE id = $1`, [0])
      assert.deepEqual([...rows], [])
    })
  )
]

export const clientValues = <Tx>(client: TransactionClient<Tx>, areRowsObjects: boolean) => [
  ...sent(client),
  ...received(client, areRowsObjects)
]
