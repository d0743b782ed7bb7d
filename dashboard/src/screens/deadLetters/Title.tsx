/** The message of an error group: what was different each time stands as a word in a box. */
import { Fragment } from "react"

const parts = (title: string) => title.split(/(<[a-z]+(?: \d+)?>)/)

export const GroupTitle = ({ title }: { readonly title: string }) => (
  <>
    {parts(title).map((part, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text, in its order.
      <Fragment key={index}>
        {index % 2 === 1 ? (
          <span className="rounded-sm bg-hover px-1 text-[0.92em] font-normal text-muted">{part.slice(1, -1)}</span>
        ) : (
          part
        )}
      </Fragment>
    ))}
  </>
)
