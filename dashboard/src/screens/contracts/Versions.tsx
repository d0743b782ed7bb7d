/** The versions of an event: what is known of each. */

import type { Contract } from "../../api/wire.ts"
import { CopyButton } from "../../parts/Copy.tsx"
import { Facts } from "../../parts/Panel.tsx"
import type { Range } from "../../parts/range.ts"
import { Ago } from "../../parts/Time.tsx"
import type { KnownEvent } from "./known.ts"
import { Traffic } from "./Traffic.tsx"

const steps = ({ hasDown, hasUp, version }: Contract) => {
  if (hasUp) return `up from version ${version - 1}${hasDown ? ", and back" : "; none back"}`
  return version === 1 ? "none, it is the first" : "none"
}

const Version = ({ contract }: { readonly contract: Contract }) => (
  <section className="border-t border-line pt-3 first:border-0">
    <h3 className="mb-1 flex flex-wrap items-baseline gap-x-3">
      Version {contract.version}
      {contract.deprecated === null ? null : (
        <span className="font-normal text-retrying">
          <span aria-hidden="true" className="text-[10px]">
            ▲
          </span>{" "}
          Deprecated: {contract.deprecated}
        </span>
      )}
    </h3>
    <Facts
      facts={[
        ["Published by", contract.sourceModule],
        ["Is about", contract.aggregateType],
        ["Owner", contract.owner ?? "nobody is named"],
        ["Steps", steps(contract)],
        [
          "Fingerprint",
          <span key="fingerprint" className="flex items-center">
            <code title={contract.fingerprint}>{contract.fingerprint.slice(0, 16)}</code>
            <CopyButton text={contract.fingerprint} label={`Copy the fingerprint of version ${contract.version}`} />
          </span>
        ],
        [
          "Registered",
          <span key="seen">
            first <Ago at={contract.firstSeenAt} />, last <Ago at={contract.lastSeenAt} />
          </span>
        ]
      ]}
    />
  </section>
)

export const Versions = ({ event, range }: { readonly event: KnownEvent; readonly range: Range }) => (
  <div className="grid gap-4">
    <Traffic event={event} range={range} />
    {event.versions.toReversed().map((contract) => (
      <Version key={contract.version} contract={contract} />
    ))}
  </div>
)
