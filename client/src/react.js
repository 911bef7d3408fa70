// The same objects for React: `use` and `useStore` are hooks here. There is one registry behind both entries, and the
// handles of the core stay what they are. Each hook begins hydration with what the server rendered, whatever has
// happened since, and shows the present value right after: no mismatch, no flash.
import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { createAtomStore, getAtomStore, transferredAtoms } from './atom_store.js';
import * as core from './index.js';
import { fail, isServer } from './util.js';

export { AtomStore, createAtom, createAtomStore, getAtomStore } from './atoms.js';
export { configure, queryResult, stringify } from './index.js';

/** On a server there is nothing to hydrate: what was set during the render is what shows. */
const useExternal = (subscribe, get, initial) => useSyncExternalStore(subscribe, get, isServer() ? get : initial);

/** Calls onChange after each render that shows another value than the one before. */
const useOnChange = (value, onChange) => {
  const shown = useRef(value);
  useEffect(() => {
    const previous = shown.current;
    shown.current = value;
    if (!Object.is(previous, value)) onChange?.(value, previous);
  });
};

/** Any handle of SsrStore or CookieStore as a hook, also one that was defined through the core entry. */
export const useHandle = (handle, onChange) => {
  const value = useExternal(handle.subscribe, handle.get, handle.initial);
  useOnChange(value, onChange);
  return value;
};

const withHook = (handle) => ({ ...handle, use: (onChange) => useHandle(handle, onChange) });

export const SsrStore = { define: (...args) => withHook(core.SsrStore.define(...args)) };
export const CookieStore = { define: (...args) => withHook(core.CookieStore.define(...args)) };

/**
 * An effect that also runs where a page is rendered to a string: there synchronously, whatever its dependencies, and
 * without its cleanup. In a browser it is useEffect. Which of the two never changes while a component lives.
 */
export const useEffectSsr = (effect, deps) => {
  if (isServer()) effect();
  else useEffect(effect, deps);
};

const whole = (state) => state;

/** Selects once per state, so that a selector may answer a fresh object without rendering for ever. */
const memoize = (selector) => {
  let last; // [state, selected]
  return (state) => {
    if (last?.[0] !== state) last = [state, selector(state)];
    return last[1];
  };
};

const useSelected = (store, selector = whole) => {
  const select = useMemo(() => memoize(selector), [selector]);
  return useExternal(
    store.subscribe,
    () => select(store.getState()),
    () => select(store.getInitialState()),
  );
};

export const defineStore = (...args) => {
  const store = core.defineStore(...args);
  return { ...store, useStore: (selector) => useSelected(store, selector) };
};

const Path = createContext('');

const pathOf = (parent, name, key) => (name ? `${parent}/${name}${key == null ? '' : ':' + key}` : parent);

export const defineContextStore = (...args) => {
  const { name, createInstance } = core.defineContextStore(...args);
  const Instance = createContext(undefined);

  const Provider = ({ initialData, providerKey, path, children }) => {
    const parent = useContext(Path);
    const here = path ?? pathOf(parent, name, providerKey);
    const [instance] = useState(() => createInstance(initialData, here));
    return createElement(
      Path.Provider,
      { value: here },
      createElement(Instance.Provider, { value: instance }, children),
    );
  };
  const useInstance = () => useContext(Instance) || fail('no_provider', name || 'context store');
  const useStore = (selector) => useSelected(useInstance(), selector);
  return { name, Provider, useStore, useInstance, createInstance };
};

const Atoms = createContext(undefined);

/** The nearest provider's store; without a provider the tab's own. */
export const useAtomStore = () => useContext(Atoms) || getAtomStore();

/**
 * Gives what is inside a store: the one given, or a new one that begins with initialValues, or else with the values
 * that the server transferred. Nothing outside of it refers to a new store, so it needs no destroying at the end.
 */
export const AtomStoreProvider = ({ store, initialValues, children }) => {
  const [own] = useState(() => {
    if (store) return undefined;
    const created = initialValues ? createAtomStore() : transferredAtoms();
    if (initialValues) created.hydrate(initialValues);
    return created;
  });
  return createElement(Atoms.Provider, { value: store || own }, children);
};

/** The template's clone in the nearest store: [value, atom]. Show the value, call the atom. */
export const useAtom = (template) => {
  const store = useAtomStore();
  const atom = store.use(template);
  const [, lookAgain] = useReducer((times) => times + 1, 0);
  // A clone that is destroyed, or has been before anybody could listen, gives way to the next one.
  const subscribe = useCallback(
    (listener) => {
      if (store.get(template.key) !== atom) return lookAgain();
      const ends = [atom.onChange(listener), atom.onDestroy(lookAgain)];
      return () => ends.forEach((end) => end());
    },
    [store, template, atom],
  );
  const value = useExternal(
    subscribe,
    () => atom.value,
    () => atom.initialValue,
  );
  return [value, atom];
};
