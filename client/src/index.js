// The browser half of ssrstore, without a framework: index.d.ts is the manual. Atoms are in ./atoms.js, so that a page
// without them does not carry them.
export { stringify } from './canonical.js';
export { defineContextStore } from './context_store.js';
export { CookieStore } from './cookie_store.js';
export { configure } from './payload.js';
export { queryResult } from './query.js';
export { defineStore } from './shared_store.js';
export { SsrStore } from './ssr_store.js';
