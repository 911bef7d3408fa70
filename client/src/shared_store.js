// Stores with an updater over a draft: one for the whole tab (defineStore), and the instances of context stores.
import { produce } from './draft.js';
import { transferred } from './payload.js';
import { createState } from './state.js';
import { claim } from './util.js';

/** A store that begins, at its first use, with what `start` makes of its set and get. */
export const createStore = (start) => {
  const { initial: getInitialState, get: getState, change, subscribe } = createState(() => start(setState, getState));
  let queue; // the updaters that wait for the running one; undefined while none runs

  const run = (updater) => {
    try {
      return typeof updater === 'function' ? produce(getState(), updater) : updater;
    } finally {
      queue = undefined;
    }
  };
  // A set from inside an updater waits for it and then runs on its result: neither is lost.
  const setState = (updater) => {
    if (queue) return void queue.push(updater);
    const waiting = (queue = []);
    change(run(updater));
    waiting.forEach(setState);
  };
  const useStore = (selector) => (selector ? selector(getState()) : getState());
  return { getState, setState, subscribe, useStore, getInitialState };
};

export const defineStore = (initializer, options) => {
  const name = options?.name;
  if (name) claim('shared', name, options);
  return createStore((set, get) => {
    const state = initializer(set, get);
    const found = name && transferred('shared', name);
    // Actions are functions and do not cross; they stay, and what crossed is laid over the rest.
    return found ? { ...state, ...found.value } : state;
  });
};
