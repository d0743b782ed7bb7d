/**
 * Why the dashboard cannot be served.
 *
 * @internal
 */
import { Schema } from "effect"

/** The files of the page are not where they belong. Nothing is served. @since 0.1.0 */
export class DashboardNotBuilt extends Schema.TaggedError<DashboardNotBuilt>()("DashboardNotBuilt", {
  /** Where they were looked for. */
  folder: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The dashboard's page is not in ${this.folder} (${this.reason}). In the repository: npm run build. In an application: install effect-integration again; if it is bundled, leave effect-integration external, as the page is read from its folder.`
  }
}
