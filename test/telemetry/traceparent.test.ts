/** What counts as a `traceparent`: https://www.w3.org/TR/trace-context/, section 3.2. */
import { assert, describe, it } from "vitest"
import { format, normalize, parse } from "../../src/model/traceparent.ts"

const trace = "0af7651916cd43dd8448eb211c80319c"
const span = "b7ad6b7169203331"

describe("is one", () => {
  it.each([
    [`00-${trace}-${span}-01`, true],
    [`00-${trace}-${span}-00`, false],
    // Other flags are not for us.
    [`00-${trace}-${span}-03`, true],
    [`00-${trace}-${span}-fe`, false],
    // Later versions may have more behind.
    [`cc-${trace}-${span}-01`, true],
    [`01-${trace}-${span}-01-what-the-future-brings`, true]
  ])("%s", (text, isSampled) => {
    assert.deepStrictEqual(parse(text), { traceId: trace, spanId: span, isSampled })
    assert.strictEqual(normalize(text), format({ traceId: trace, spanId: span, isSampled }))
  })
})

describe("is none", () => {
  it.each([
    "",
    "00",
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01-more`,
    `01-${trace}-${span}-01more`,
    `00-${trace}-${span}-0`,
    `00-${trace}-${span}-0g`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${trace}-${"0".repeat(16)}-01`,
    `00_${trace}-${span}-01`,
    `00-${trace}_${span}-01`,
    `00-${trace}-${span}_01`,
    ` 00-${trace}-${span}-01`,
    `00-${trace.slice(1)}g-${span}-01`,
    `00-${trace}-${span.slice(1)}é-01`,
    7 as unknown as string,
    {} as unknown as string
  ])("%s", (text) => {
    assert.isUndefined(parse(text))
    assert.isUndefined(normalize(text))
  })
})
