/** CommonJS: the facade is loaded with require. */
const { createIntegration, subscriber } = require("effect-integration/promise")

const handled = []
const integration = createIntegration({
  memory: true,
  subscribers: [
    subscriber({
      consumer: "programs.note",
      event: "invoice.created",
      handler: (event) => handled.push(event.payload.amount)
    })
  ]
})

const main = async () => {
  await integration.start()
  const event = await integration.publishEvent({
    eventName: "invoice.created",
    sourceModule: "finance",
    aggregateType: "Invoice",
    aggregateId: "inv-1",
    payload: { amount: 100 }
  })
  const deliveries = await integration.settled(event.id)
  console.log(...deliveries.map(({ status }) => status), ...handled)
  await integration.stop()
}

main()
