/** All screens: where they are, what they are called, and the key that leads to them. Each is loaded when it is shown first. */
import {
  Boxes,
  ClipboardList,
  FileJson,
  LayoutDashboard,
  Link2,
  type LucideIcon,
  Map as MapIcon,
  ScrollText,
  Server,
  SlidersHorizontal,
  Stethoscope,
  TriangleAlert,
  Waves
} from "lucide-react"
import type { ComponentType } from "react"
import { lazyScreen } from "./frame/lazyScreen.ts"

export interface Screen {
  readonly id: string
  readonly title: string
  /** Patterns of the router, the one of the rail first. */
  readonly paths: readonly [string, ...ReadonlyArray<string>]
  /** After `g`. */
  readonly key: string
  readonly icon: LucideIcon
  readonly Component: ComponentType
}

export const screens: ReadonlyArray<Screen> = [
  {
    id: "overview",
    title: "Overview",
    paths: ["/"],
    key: "o",
    icon: LayoutDashboard,
    Component: lazyScreen(() => import("./screens/overview/Overview.tsx"))
  },
  {
    id: "map",
    title: "Map",
    paths: ["/map"],
    key: "m",
    icon: MapIcon,
    Component: lazyScreen(() => import("./screens/map/Map.tsx"))
  },
  {
    id: "events",
    title: "Events",
    paths: ["/events", "/events/:id"],
    key: "e",
    icon: Waves,
    Component: lazyScreen(() => import("./screens/events/Events.tsx"))
  },
  {
    id: "dead-letters",
    title: "Dead letters",
    paths: ["/dead-letters", "/dead-letters/:fingerprint", "/dead-letters/:fingerprint/:delivery"],
    key: "d",
    icon: TriangleAlert,
    Component: lazyScreen(() => import("./screens/deadLetters/DeadLetters.tsx"))
  },
  {
    id: "operations",
    title: "Operations",
    paths: ["/operations", "/operations/:id"],
    key: "w",
    icon: ClipboardList,
    Component: lazyScreen(() => import("./screens/operations/Operations.tsx"))
  },
  {
    id: "consumers",
    title: "Consumers",
    paths: ["/consumers", "/consumers/:consumer"],
    key: "c",
    icon: Boxes,
    Component: lazyScreen(() => import("./screens/consumers/Consumers.tsx"))
  },
  {
    id: "links",
    title: "Links",
    paths: ["/links"],
    key: "l",
    icon: Link2,
    Component: lazyScreen(() => import("./screens/links/Links.tsx"))
  },
  {
    id: "contracts",
    title: "Contracts",
    paths: ["/contracts", "/contracts/:event"],
    key: "t",
    icon: FileJson,
    Component: lazyScreen(() => import("./screens/contracts/Contracts.tsx"))
  },
  {
    id: "processes",
    title: "Processes",
    paths: ["/processes"],
    key: "p",
    icon: Server,
    Component: lazyScreen(() => import("./screens/processes/Processes.tsx"))
  },
  {
    id: "settings",
    title: "Settings",
    paths: ["/settings", "/settings/:key"],
    key: "s",
    icon: SlidersHorizontal,
    Component: lazyScreen(() => import("./screens/settings/Settings.tsx"))
  },
  {
    id: "audit",
    title: "Audit",
    paths: ["/audit"],
    key: "a",
    icon: ScrollText,
    Component: lazyScreen(() => import("./screens/audit/Audit.tsx"))
  },
  {
    id: "doctor",
    title: "Doctor",
    paths: ["/doctor"],
    key: "h",
    icon: Stethoscope,
    Component: lazyScreen(() => import("./screens/doctor/Doctor.tsx"))
  }
]
