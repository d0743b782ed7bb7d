/**
 * What a link must be like to be stored: the rules that every link store applies.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { InvalidIdentifier } from "../errors/DeclarationErrors.ts"
import { issueText } from "../errors/errorText.ts"
import type { Entity } from "../model/DomainEvent.ts"
import { checkIdentifier, storableValue } from "../model/storable.ts"
import type { Link, NewLink } from "./LinkStore.ts"

const linkTypes: ReadonlyArray<string> = ["reference", "cascade", "aggregate_root"]

/**
 * Fails with `InvalidIdentifier` unless an entity can be an end of a link.
 *
 * @param end - `source` or `target`, for the message
 *
 * @since 0.1.0
 */
export const checkEntity = Effect.fnUntraced(function* (end: string, entity: Entity) {
  // Types do not reach everybody who names one.
  if (typeof entity !== "object" || entity === null) {
    return yield* new InvalidIdentifier({
      field: `${end} of a link`,
      problem: `is ${entity === null ? "null" : typeof entity}, not { module, entityType, entityId }`
    })
  }
  yield* checkIdentifier(`module of a link's ${end}`, entity.module, 127)
  yield* checkIdentifier(`entityType of a link's ${end}`, entity.entityType, 127)
  yield* checkIdentifier(`entityId of a link's ${end}`, entity.entityId, 255)
})

/** Fails with `InvalidIdentifier` unless there is such a type of links. @since 0.1.0 */
export const checkLinkType = (linkType: string) =>
  linkTypes.includes(linkType)
    ? Effect.void
    : Effect.fail(
        new InvalidIdentifier({
          field: "linkType of a link",
          problem: `"${linkType}" is none of ${linkTypes.join(", ")}`
        })
      )

/** Largest metadata of a link, in bytes of JSON. */
const maxMetadataBytes = 65_536

/**
 * Fails with `InvalidIdentifier` unless a link can be stored: both ends, its type, and its metadata of at most 64 KiB of
 * JSON. Returns the metadata as JSON text, or null without any.
 *
 * @since 0.1.0
 */
export const checkLink = Effect.fnUntraced(function* (link: NewLink) {
  yield* checkEntity("source", link.source)
  yield* checkEntity("target", link.target)
  yield* checkLinkType(link.linkType)
  if (link.metadata === undefined) return null
  const stored = storableValue(link.metadata, maxMetadataBytes)
  return "json" in stored
    ? stored.json
    : yield* new InvalidIdentifier({
        field: "metadata of a link",
        problem: stored.issue.path === "" ? stored.issue.message : issueText(stored.issue)
      })
})

/** What is known of a link that a leased handler creates, until its delivery is settled. @since 0.1.0 */
export const provisionalLink = ({ linkType, metadata, source, target }: NewLink): Link => ({
  id: SecureRandom.uuidV4Unsafe(),
  source,
  target,
  linkType,
  metadata: metadata ?? null,
  createdAt: new Date()
})
