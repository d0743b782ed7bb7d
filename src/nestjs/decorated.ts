/**
 * Handlers among the providers and controllers of an application.
 *
 * @internal
 */
import type { DiscoveryService } from "@nestjs/core"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import type { Services } from "../integration/Integration.ts"
import type { Subscriber } from "../model/SubscriberValue.ts"
import { fromInstance, isDecorated } from "../subscribing/fromClass.ts"

type Wrapper = ReturnType<DiscoveryService["getProviders"]>[number]

/** Deliveries come outside of requests, and for nobody in particular. */
const refuse = (wrapper: Wrapper) =>
  new InvalidOption({
    option: `scope of ${wrapper.name}, which has @Consumer or @Subscribe,`,
    value: wrapper.isTransient ? "TRANSIENT" : "REQUEST, its own or that of something it injects",
    expected: "DEFAULT: deliveries are handled outside of requests, by one instance"
  })

/** Objects whose classes have `@Consumer` or `@Subscribe`, each once. Throws `InvalidOption` for one that is not a singleton. */
const decoratedIn = (discovery: DiscoveryService): ReadonlyArray<object> => {
  const found = new Set<object>()
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const instance: unknown = wrapper.instance
    if (!isDecorated(instance)) continue
    if (wrapper.isTransient || !wrapper.isDependencyTreeStatic()) throw refuse(wrapper)
    found.add(instance)
  }
  return [...found]
}

/** Their methods with `@Subscribe`, as subscribers. */
export const subscribersIn = (discovery: DiscoveryService): ReadonlyArray<Subscriber<Services>> =>
  decoratedIn(discovery).flatMap((instance) => fromInstance(instance) as ReadonlyArray<Subscriber<Services>>)
