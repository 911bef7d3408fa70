// SsrStore: a value that the server settled on and the page goes on with. There is one state for a name, whoever holds
// a handle to it.
import { transferred } from './payload.js';
import { createState, createUse } from './state.js';
import { claim } from './util.js';

const inits = new Map();
const handles = new Map();

const createHandle = (name) => {
  const { initial, get, change, subscribe } = createState(() => {
    const found = transferred('stores', name);
    return found ? found.value : inits.get(name)();
  });
  return { name, get, set: (value) => change(value), use: createUse(get, subscribe), subscribe, initial };
};

export const SsrStore = {
  define(name, init, options) {
    claim('store', name, options);
    inits.set(name, init);
    // A replaced store keeps its value: the module ran again, the visitor's page did not.
    if (!handles.has(name)) handles.set(name, createHandle(name));
    return handles.get(name);
  },
};
