/** What happens outside: invoices, moves of stock and visits, a burst of them at first, then some per second, in waves. */
import { Clock, Effect, Random } from "effect"
import { DomainEvent, Publisher } from "../../../src/index.ts"
import * as Events from "./events.ts"

/** Events of the burst. */
const burst = { invoices: 300, others: 900, scans: 3 }

/** Events per second that begin something, on average: most lead to several others. */
const perSecond = 5

/** Length of a wave, in milliseconds. */
const waveMillis = 60_000

const pick = <A>(all: ReadonlyArray<A>) =>
  Effect.map(Random.nextIntBetween(0, all.length, { halfOpen: true }), (at) => all[at] as A)

const customers = Array.from({ length: 40 }, (_, index) => `C-${1001 + index * 7}`)
const articles = ["lamp", "table", "chair", "shelf", "carpet", "mirror", "sofa", "desk", "plant", "clock"]
const cities = ["Lisbon", "Porto", "Berlin", "Lyon", "Turin", "Graz", "Ghent"]

const invoice = Effect.gen(function* () {
  const customer = yield* pick(customers)
  const cents = yield* Random.nextIntBetween(900, 49_900, { halfOpen: true })
  const invoiceId = `INV-${yield* Random.nextIntBetween(10_000_000, 99_999_999)}`
  const options = { correlationId: `order-${invoiceId.slice("INV-".length)}` }
  const kind = yield* Random.nextIntBetween(0, 100, { halfOpen: true })
  if (kind < 20) {
    return DomainEvent.publication(Events.InvoiceIssuedInShop, { invoiceId, customer, amount: cents / 100 }, options)
  }
  const known = { invoiceId, customer, cents, currency: "EUR" } as const
  return kind < 23
    ? DomainEvent.publication(Events.InvoiceIssued, known, options)
    : DomainEvent.publication(Events.InvoiceIssued, { ...known, billingAddress: yield* pick(cities) }, options)
})

const stockMove = Effect.gen(function* () {
  const article = yield* pick(articles)
  const by = yield* Random.nextIntBetween(-20, 20, { halfOpen: true })
  const shelf = `${article.charAt(0).toUpperCase()}-${yield* Random.nextIntBetween(1, 9, { halfOpen: true })}`
  const isForgotten = article === "mirror" && (yield* Random.nextIntBetween(0, 5, { halfOpen: true })) === 0
  return DomainEvent.publication(Events.StockMoved, isForgotten ? { article, by } : { article, by, shelf })
})

const visit = Effect.gen(function* () {
  return DomainEvent.publication(Events.CatalogViewed, {
    customer: yield* pick(customers),
    article: yield* pick(articles)
  })
})

const move = Effect.gen(function* () {
  return DomainEvent.publication(Events.AddressChanged, { customer: yield* pick(customers), city: yield* pick(cities) })
})

/** A scanner of before the contract: it says what it does not know. */
const scan = Effect.gen(function* () {
  const number = yield* Random.nextIntBetween(10_000, 99_999, { halfOpen: true })
  yield* Publisher.publishEvent({
    eventName: Events.ShipmentDispatched.name,
    sourceModule: "operations",
    aggregateType: "Shipment",
    aggregateId: `SHIP-${number}`,
    payload: { shipmentId: `SHIP-${number}`, taskId: `TASK-${number}`, weightGrams: "unknown" }
  })
})

const other = Effect.gen(function* () {
  const kind = yield* Random.nextIntBetween(0, 100, { halfOpen: true })
  return yield* kind < 55 ? stockMove : kind < 95 ? visit : move
})

/** A few thousand events, with what follows from them. */
const publishBurst = Effect.gen(function* () {
  const publications: Array<DomainEvent.Publication.Any> = yield* Effect.replicateEffect(other, burst.others)
  publications.push(...(yield* Effect.replicateEffect(invoice, burst.invoices)))
  for (let at = 0; at < publications.length; at += 50) yield* Publisher.publishAll(publications.slice(at, at + 50))
  yield* Effect.replicateEffect(scan, burst.scans)
})

/** Milliseconds until the next event: the wave goes from a fifth of the average to almost twice as much. */
const pause = Effect.gen(function* () {
  const phase = ((yield* Clock.currentTimeMillis) % waveMillis) / waveMillis
  const rate = perSecond * (1 + 0.8 * Math.sin(2 * Math.PI * phase))
  return (1000 / rate) * (0.5 + (yield* Random.next))
})

const publishOne = Effect.gen(function* () {
  const kind = yield* Random.nextIntBetween(0, 1000, { halfOpen: true })
  if (kind < 3) return yield* scan
  yield* Publisher.publishAll([yield* kind < 450 ? invoice : other])
})

/** Publishes until it is interrupted. */
export const run = Effect.gen(function* () {
  yield* publishBurst
  yield* Effect.forever(Effect.andThen(Effect.flatMap(pause, Effect.sleep), publishOne))
})
