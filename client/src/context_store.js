// Context stores: an instance for each provider, begun with the initial data that the server's provider at the same
// path had. A path is that of the enclosing provider, "/", the name, and ":" and the key if there is one.
import { transferred } from './payload.js';
import { createStore } from './shared_store.js';
import { claim } from './util.js';

/** defineContextStore(initializer), or (name, initializer, options): only what has a name is transferred. */
export const defineContextStore = (name, initializer, options) => {
  if (initializer) claim('context', name, options);
  else [name, initializer] = [undefined, name];

  const createInstance = (initialData, path = '/' + name) =>
    createStore(initializer(initialData === undefined ? name && transferred('contexts', path)?.value : initialData));
  return { name, createInstance };
};
