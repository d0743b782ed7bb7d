/** A module that names nothing of the package itself: the compiler has to find where each type lives. */
import * as App from "./app.ts"

export const createInvoice = App.createInvoice
export const Live = App.Live
export const Test = App.Test
export const operations = App.operations
export const stores = App.stores
export const observed = App.observed
export const integration = App.integration
export const publishUntyped = App.publishUntyped
export const refuse = App.refuse
export const services = App.services
export const byPosition = App.publishByPosition
export const findTask = App.findTask
export const subscribers = [App.createTask, App.countAll, ...App.balance.subscribers, ...App.fromHandlers]
