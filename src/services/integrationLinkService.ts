/**
 * Links by the reference's names.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { LinkNotFound } from "../errors/OperationErrors.ts"
import { LinkStore } from "../stores/LinkStore.ts"
import { checkLinkType } from "../stores/linkRules.ts"
import type { CreateLink, IntegrationLink, LinkType } from "./reference.ts"
import { inClient } from "./refusals.ts"
import { integrationLink, newLink } from "./rows.ts"
import type { Runner } from "./runner.ts"

/**
 * `LinkStore`, as the reference has it. Inside a handler, or `IntegrationServices.transaction`, links that are created commit with that; so does what is
 * deleted, but for leased handlers, which delete at once.
 *
 * What cannot be stored rejects with `InvalidIdentifier`. A `persistenceClient` is a transaction of the integration's `client`, which the link
 * becomes part of; without a `client` it rejects with `UnsupportedCall`, and what is none with `TransactionUnusable`.
 *
 * @since 0.1.0
 */
export class IntegrationLinkService {
  readonly #runner: Runner

  /** @internal */
  constructor(runner: Runner) {
    this.#runner = runner
  }

  /** Creates a link, or resolves to the one there is between the same ends with the same type. */
  createLink(link: CreateLink, persistenceClient?: unknown): Promise<IntegrationLink> {
    return this.#runner.run(
      inClient(
        "IntegrationLinkService.createLink",
        persistenceClient,
        Effect.map(LinkStore.create(newLink(Object(link))), integrationLink)
      )
    )
  }

  /** Links that start at an entity. */
  findOutbound(module: string, entityType: string, entityId: string): Promise<ReadonlyArray<IntegrationLink>> {
    return this.#runner.run(
      Effect.map(LinkStore.findOutbound({ module, entityType, entityId }), (links) => links.map(integrationLink))
    )
  }

  /** Links that end at an entity. */
  findInbound(module: string, entityType: string, entityId: string): Promise<ReadonlyArray<IntegrationLink>> {
    return this.#runner.run(
      Effect.map(LinkStore.findInbound({ module, entityType, entityId }), (links) => links.map(integrationLink))
    )
  }

  findByLinkType(linkType: LinkType): Promise<ReadonlyArray<IntegrationLink>> {
    return this.#runner.run(
      Effect.andThen(
        checkLinkType(linkType),
        Effect.map(LinkStore.findByLinkType(linkType), (links) => links.map(integrationLink))
      )
    )
  }

  /** The first link between two entities, in either direction; null without one. */
  findBidirectional(
    module1: string,
    entity1Type: string,
    entity1Id: string,
    module2: string,
    entity2Type: string,
    entity2Id: string
  ): Promise<IntegrationLink | null> {
    const one = { module: module1, entityType: entity1Type, entityId: entity1Id }
    const other = { module: module2, entityType: entity2Type, entityId: entity2Id }
    return this.#runner.run(
      Effect.map(LinkStore.findBidirectional(one, other), ([first]) =>
        first === undefined ? null : integrationLink(first)
      )
    )
  }

  getById(id: string): Promise<IntegrationLink | null> {
    return this.#runner.run(
      Effect.map(
        LinkStore.use((links) => links.findById(id)),
        (found) => (found === undefined ? null : integrationLink(found))
      )
    )
  }

  /** Removes a link; resolves to what it was. Rejects with `LinkNotFound`. */
  deleteLink(id: string): Promise<IntegrationLink> {
    return this.#runner.run(
      LinkStore.use((links) =>
        Effect.gen(function* () {
          const found = yield* links.findById(id)
          const isRemoved = found !== undefined && (yield* links.remove(id))
          return isRemoved ? integrationLink(found) : yield* new LinkNotFound({ linkId: id })
        })
      )
    )
  }

  /** How many links start in a module. */
  countFromModule(module: string): Promise<number> {
    return this.#runner.run(LinkStore.use((links) => links.countFromModule(module)))
  }
}
