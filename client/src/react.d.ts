import type { FunctionComponent, ReactNode } from 'react';
import type { AtomClone, AtomStore, AtomTemplate } from './atoms.js';
import type { Contexts, DefineOptions, Initializer, Listener, LooseInitializer, Store } from './index.js';

export * from './atoms.js';
export { configure, queryResult, stringify, SsrStore, CookieStore, defineStore } from './index.js';
export type * from './index.js';

/** Any handle of SsrStore or CookieStore as a hook, also one that was defined through the core entry. */
export declare function useHandle<T>(
  handle: { get(): T; initial(): T; subscribe(listener: Listener<T>): () => void },
  onChange?: Listener<T>,
): T;

/**
 * An effect that also runs where a page is rendered to a string: there synchronously, whatever its dependencies, and
 * without its cleanup. In a browser it is useEffect.
 */
export declare function useEffectSsr(effect: () => void | (() => void), deps?: readonly unknown[]): void;

export interface ProviderProps<D> {
  /** Read once, when the provider appears. Without it, what the server's provider at this path had. */
  initialData?: D;
  /** Tells siblings apart, as `key` does on the server. */
  providerKey?: string | number | null;
  /** The whole path, for an island whose enclosing providers were rendered by the server alone. */
  path?: string;
  children?: ReactNode;
}

export interface ContextStore<D, S> {
  readonly name: string | undefined;
  Provider: FunctionComponent<ProviderProps<D>>;
  /** The state of the nearest provider, or what `selector` makes of it. Throws no_provider. */
  useStore(): S;
  useStore<R>(selector: (state: S) => R): R;
  /** The nearest instance itself, for event handlers: getState, setState, subscribe. */
  useInstance(): Store<S>;
  createInstance(initialData?: D, path?: string): Store<S>;
}

/** See the core's. Sibling providers of one path without a key cannot be told apart: only the first path is used. */
export declare function defineContextStore<N extends keyof Contexts & string, S extends object, _Inferred>(
  name: N,
  initializer: (initialData: Contexts[N]) => LooseInitializer<S>,
  options?: DefineOptions,
): ContextStore<Contexts[N], S>;
export declare function defineContextStore<D, S extends object, _Inferred>(
  name: string,
  initializer: (initialData: D) => LooseInitializer<S>,
  options?: DefineOptions,
): ContextStore<D, S>;
export declare function defineContextStore<D, S extends object, _Inferred>(
  initializer: (initialData: D) => LooseInitializer<S>,
): ContextStore<D, S>;
export declare function defineContextStore<D, S extends object>(
  name: string,
  initializer: (initialData: D) => Initializer<S>,
  options?: DefineOptions,
): ContextStore<D, S>;
export declare function defineContextStore<D, S extends object>(
  initializer: (initialData: D) => Initializer<S>,
): ContextStore<D, S>;

export declare const AtomStoreProvider: FunctionComponent<{
  store?: AtomStore;
  initialValues?: Record<string, unknown>;
  children?: ReactNode;
}>;

/** The nearest provider's store; without a provider the tab's own. */
export declare function useAtomStore(): AtomStore;

/** The template's clone in the nearest store: show the value, call the atom. After one that was destroyed: the next. */
export declare function useAtom<V, A>(template: AtomTemplate<V, A>): [value: V, atom: AtomClone<V, A>];
