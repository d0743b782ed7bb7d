/** The environment of a user's shell: what `npm run` adds to it would lead another npm elsewhere, or make it silent. */
export const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_")))
