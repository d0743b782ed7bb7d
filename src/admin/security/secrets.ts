/**
 * Secrets that are compared without telling by the time it takes how much of them was right.
 *
 * @internal
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"

/** Of the same length whatever the secret's is. */
export type Digest = Uint8Array

export const digestOf = (secret: string): Digest => createHash("sha256").update(secret, "utf8").digest()

/** 256 bits that nobody can guess, as text for a cookie. */
export const makeSecret = (): string => randomBytes(32).toString("base64url")

/** Looks at all candidates, wherever the right one is. */
export const findByDigest = <A extends { readonly digest: Digest }>(
  candidates: Iterable<A>,
  secret: string
): A | undefined => {
  const digest = digestOf(secret)
  let found: A | undefined
  for (const each of candidates) if (timingSafeEqual(each.digest, digest)) found = each
  return found
}
