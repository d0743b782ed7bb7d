/** The language of the dashboard's filter of events: what the server is asked, and why not. */
import { assert, describe, it } from "@effect/vitest"
import { filterOf } from "../../dashboard/src/screens/events/filter.ts"
import { isOpenQuote, quoted, termsOf } from "../../dashboard/src/screens/events/language.ts"
import { timeOf } from "../../dashboard/src/screens/events/times.ts"

const now = Date.parse("2026-11-28T14:30:00Z")

const queryOf = (text: string) => filterOf(text, now, true).query

const messagesOf = (text: string) => filterOf(text, now, true).problems.map(({ message }) => message)

describe("words of the filter", () => {
  it("end at spaces that are not between quotes", () => {
    assert.deepStrictEqual(
      termsOf('name:a  "two words" aggregate:finance/Invoice/"4 2"').map(({ text }) => text),
      ["name:a", '"two words"', 'aggregate:finance/Invoice/"4 2"']
    )
  })

  it("have their key before the first colon that is outside of quotes and brackets", () => {
    assert.deepStrictEqual(
      termsOf('since:14:02:11 payload["a:b"]:c "x:y"').map(({ key, value }) => [key, value]),
      [
        ["since", "14:02:11"],
        ['payload["a:b"]', "c"],
        [undefined, "x:y"]
      ]
    )
  })

  it("are read again as what they were quoted from", () => {
    for (const value of ["plain", "two words", 'a "quote"', "back\\slash here", ""]) {
      assert.strictEqual(termsOf(`name:${quoted(value)}`)[0]?.value, value)
    }
  })

  it("go on as long as a quote is open", () => {
    assert.isTrue(isOpenQuote('"not'))
    assert.isTrue(isOpenQuote('"a \\" b'))
    assert.isFalse(isOpenQuote('"not delivered"'))
  })
})

describe("a filter", () => {
  it("asks for each of its words", () => {
    assert.deepStrictEqual(
      queryOf(
        "name:invoice.* name:task.created module:finance status:failed consumer:crm.letters aggregate:finance/Invoice/a/b correlation:order-1 cause:x hello"
      ),
      {
        name: ["invoice.*", "task.created"],
        module: ["finance"],
        status: ["failed"],
        consumer: "crm.letters",
        aggregate: "finance/Invoice/a/b",
        correlationId: "order-1",
        causationId: "x",
        text: "hello"
      }
    )
  })

  it("takes values of the payload as JSON, and as text when they are in quotes or no JSON", () => {
    assert.deepStrictEqual(
      queryOf('payload.customer.id:42 payload.customer.id:"42" payload.isPaid:true payload["odd.key"]:C-1').payload,
      ["customer.id=42", 'customer.id="42"', "isPaid=true", '["odd.key"]="C-1"']
    )
  })

  it("keeps the digits of large numbers", () => {
    assert.deepStrictEqual(queryOf("payload.id:9007199254740993").payload, ["id=9007199254740993"])
  })

  it("names one event by its id", () => {
    const id = "01A21FAC-ABB8-724F-916F-9642D8F9D6A5"
    assert.strictEqual(filterOf(`id:${id}`, now, true).id, id.toLowerCase())
    assert.deepStrictEqual(messagesOf(`id:${id} name:a`), ["id: is about one event: leave the others out."])
  })

  it("says in a sentence what it does not understand, and asks for the rest", () => {
    assert.deepStrictEqual(messagesOf("nmae:x"), ["There is no nmae: in the filter. Did you mean name:?"])
    assert.deepStrictEqual(messagesOf("status:broken"), [
      '"broken" is no status of an event. Write pending, processing, processed, failed or dead_letter.'
    ])
    assert.deepStrictEqual(messagesOf("consumer:a consumer:b"), [
      "consumer: is there twice, and only one can be looked for."
    ])
    assert.deepStrictEqual(messagesOf("two words"), [
      'One text at a time is looked for. Write "two words" in quotes if they stand side by side.'
    ])
    assert.deepStrictEqual(messagesOf("name:"), ["There is nothing after name:."])
    assert.deepStrictEqual(messagesOf("payload:x"), ["Say where in the payload: payload.customer.id:42."])
    assert.deepStrictEqual(messagesOf("aggregate:Invoice"), [
      '"Invoice" has no id. Write Invoice/42, or finance/Invoice/42.'
    ])
    assert.strictEqual(messagesOf("payload.a:1 payload.b:2 payload.c:3 payload.d:4 payload.e:5 payload.f:6").length, 1)
    assert.deepStrictEqual(queryOf("nmae:x module:finance"), { module: ["finance"] })
  })
})

describe("times of the filter", () => {
  const at = (text: string) => timeOf(text, now, true)

  it("are ages, times of the day, days, or both", () => {
    assert.strictEqual(at("15m"), "2026-11-28T14:15:00.000Z")
    assert.strictEqual(at("2h"), "2026-11-28T12:30:00.000Z")
    assert.strictEqual(at("3d"), "2026-11-25T14:30:00.000Z")
    assert.strictEqual(at("9:05"), "2026-11-28T09:05:00.000Z")
    assert.strictEqual(at("14:02:11"), "2026-11-28T14:02:11.000Z")
    assert.strictEqual(at("today"), "2026-11-28T00:00:00.000Z")
    assert.strictEqual(at("yesterday"), "2026-11-27T00:00:00.000Z")
    assert.strictEqual(at("2026-11-01"), "2026-11-01T00:00:00.000Z")
    assert.strictEqual(at("2026-11-01T08:00"), "2026-11-01T08:00:00.000Z")
    assert.strictEqual(at("2026-11-01T08:00:00+02:00"), "2026-11-01T06:00:00.000Z")
  })

  it("of the day that are still to come are those of the day before", () => {
    assert.strictEqual(at("23:00"), "2026-11-27T23:00:00.000Z")
  })

  it("are none when nothing is said with them", () => {
    for (const text of ["banana", "25:00", "2026-13-01", "", "15", "99999999d"]) assert.isUndefined(at(text), text)
  })
})
