/**
 * The browser half of ssrstore: the page goes on with the state that the server settled on.
 *
 * All values that crossed are read from the first `<script type="application/json" id="__SSRSTORE__">` of the document,
 * once, at the first need. Where nothing crossed, or the element cannot be read, everything begins with its own default.
 * Change detection is identity (`Object.is`): a new but equal object is a change, except where a draft is used.
 */

/**
 * What the application's names hold. Empty here; `ssrstore types` writes a file that fills them in from the server's
 * definitions, and then `SsrStore.define('title', ...)` knows that a title is a string:
 *
 *     import 'ssrstore'
 *     declare module 'ssrstore' {
 *       interface Stores { title: string }
 *       interface Queries { idea: { args: { id: number }; data: Idea } }
 *     }
 */
export interface Stores {}
export interface Cookies {}
export interface Queries {}
export interface Atoms {}
export interface SharedStores {}
export interface Contexts {}

/** A name that the application's types say nothing of. */
export type Other<N extends string, Known> = N & (N extends keyof Known ? never : unknown);

/** What is thrown: `code` is a name of the table in the README, mostly the server's own name for it. */
export interface SsrError extends Error {
  name: 'SsrError';
  code: string;
}

export type Listener<T> = (next: T, previous: T) => void;

/** Ends a subscription. Twice is harmless. */
export type Unsubscribe = () => void;

export interface DefineOptions {
  /** Allows the name to be defined again, as when a module runs again: `{ replace: Boolean(import.meta.hot) }`. */
  replace?: boolean;
}

/* ---- SsrStore ---------------------------------------------------------------------------------------------------- */

export interface SsrStoreItem<T> {
  readonly name: string;
  /** The value: what was set, else what was transferred, else what `init` makes at the first read. */
  get(): T;
  /** Sets at once. A set before the first read wins over what was transferred. A function is a value like any other. */
  set(value: T): void;
  /**
   * Without React: `get()`, and `onChange` is subscribed for good; where it has to end, use `subscribe`.
   * From 'ssrstore/react': a hook, and `onChange` is called after each render that shows another value.
   */
  use(onChange?: Listener<T>): T;
  /** Tells each change, in the order of subscription. A listener that throws is reported and stops no other. */
  subscribe(listener: Listener<T>): Unsubscribe;
  /** What the page began with, whatever was set since: what hydration has to show first. */
  initial(): T;
}

export declare const SsrStore: {
  /**
   * Declares a value. `name` is the server's; `init` is asked when nothing was transferred, once, at the first need.
   * Throws `duplicate_name`.
   */
  define<N extends keyof Stores & string>(
    name: N,
    init: () => Stores[N],
    options?: DefineOptions,
  ): SsrStoreItem<Stores[N]>;
  define<T, N extends string = string>(name: Other<N, Stores>, init: () => T, options?: DefineOptions): SsrStoreItem<T>;
};

/* ---- CookieStore ------------------------------------------------------------------------------------------------- */

export interface CookieAttributes extends DefineOptions {
  path?: string; // "/"
  domain?: string;
  maxAge?: number; // whole seconds, cut to 400 days; without it, or 0: until the browser is closed
  sameSite?: 'Strict' | 'Lax' | 'None'; // "Lax"
  secure?: boolean;
  partitioned?: boolean;
  /** No script can read such a cookie: `http_only` is thrown. Here so that one declaration can serve both sides. */
  httpOnly?: boolean;
}

/** raw: the text itself, or refused; percent (default): any text, as encodeURIComponent; json: percent of canonical JSON. */
export interface TextCookieOptions<F extends string | undefined> extends CookieAttributes {
  encoding?: 'raw' | 'percent';
  /** The value while there is no such cookie. An empty cookie is a value. */
  fallback?: F;
}

export interface JsonCookieOptions<T> extends CookieAttributes {
  encoding: 'json';
  /** The value while there is no such cookie, or it holds no JSON that the server would accept. */
  fallback: T;
}

export interface CookieStoreItem<T, S = T> {
  readonly name: string;
  /**
   * What the browser holds now; `otherwise`, or else the fallback, when that is nothing that can be read. The same
   * object as long as the cookie's text is the same.
   */
  get<O>(otherwise: O): T | O;
  get(): T;
  /** Writes the cookie, whether the value differs or not. Throws cookie_value, cookie_too_long, or stringify's errors. */
  set(value: S): void;
  delete(): void;
  use(onChange?: Listener<T>): T;
  /** Tells what set, delete and refresh change. */
  subscribe(listener: Listener<T>): Unsubscribe;
  /** Looks at document.cookie again, and tells if somebody else has changed the cookie: a response, another tab. */
  refresh(): void;
  initial(): T;
}

/** A name that the application's types say nothing of, or that of a text. */
type TextName<N extends string> = N &
  (N extends keyof Cookies ? (Cookies[N] extends string | undefined ? unknown : never) : unknown);

export declare const CookieStore: {
  /**
   * Declares a cookie. Throws what the server would refuse, under its names: http_only, cookie_name, cookie_path,
   * cookie_domain, cookie_same_site, cookie_same_site_none, cookie_partitioned, cookie_prefix,
   * cookie_attribute_too_long; invalid_argument; duplicate_name.
   */
  define<N extends keyof Cookies & string>(
    name: N,
    options: JsonCookieOptions<Cookies[N]>,
  ): CookieStoreItem<Cookies[N]>;
  define<T, N extends string = string>(name: Other<N, Cookies>, options: JsonCookieOptions<T>): CookieStoreItem<T>;
  define<N extends string>(
    name: TextName<N>,
    options: TextCookieOptions<string> & { fallback: string },
  ): CookieStoreItem<string>;
  define<N extends string>(
    name: TextName<N>,
    options?: TextCookieOptions<undefined>,
  ): CookieStoreItem<string | undefined, string>;
};

/* ---- Shared and context stores ----------------------------------------------------------------------------------- */

/**
 * Changes a state: either the draft, which is a copy that may be changed in any way while the updater runs, or by
 * returning the whole next state, not both (`ambiguous_update`). What comes out equal keeps its identity; if all does,
 * nobody is told. Holes in an array become undefined. Drafts reach into arrays and plain objects; anything else (a Map,
 * an instance) is one opaque value.
 */
export type Updater<S> = (draft: S) => unknown;

export interface SetState<S> {
  /** From inside an updater it waits for it, and then runs on its result. An object replaces the whole state. */
  (updater: Updater<S> | S): void;
}

export type Initializer<S> = (set: SetState<S>, get: () => S) => S;

/** For states whose type is read off their initializer: TypeScript cannot know them yet inside of it. */
export type LooseInitializer<S> = (set: (updater: Updater<any> | Record<string, unknown>) => void, get: () => any) => S;

export interface Store<S> {
  getState(): S;
  setState: SetState<S>;
  subscribe(listener: Listener<S>): Unsubscribe;
  /** The state, or what `selector` makes of it. From 'ssrstore/react': a hook. */
  useStore(): S;
  useStore<R>(selector: (state: S) => R): R;
  /** What the page began with. */
  getInitialState(): S;
}

/**
 * One state for the whole tab. With a name it begins with the server's shared store of that name, laid over what the
 * initializer makes, whose functions stay. Throws duplicate_name. What differs from visitor to visitor belongs into a
 * context store. Given no types, it reads them off the initializer, inside of which drafts are `any`;
 * `defineStore<State>(...)` checks these too.
 */
export declare function defineStore<S extends object, _Inferred>(
  initializer: LooseInitializer<S>,
  options?: DefineOptions & { name?: string },
): Store<S>;
export declare function defineStore<S extends object>(
  initializer: Initializer<S>,
  options?: DefineOptions & { name?: string },
): Store<S>;

export interface ContextStore<D, S> {
  readonly name: string | undefined;
  /**
   * A new instance. Without initialData it begins with what the server's provider at `path` had ("/name" when not
   * given); an unnamed store has none.
   */
  createInstance(initialData?: D, path?: string): Store<S>;
}

/**
 * One state for each provider. Only what has a name is transferred. A provider's path is that of the enclosing provider,
 * "/", the name, and ":" and the key if there is one. The server tells further siblings of one path apart by "~2", "~3";
 * here they cannot be told apart, and only the first path is used: give such siblings keys on both sides.
 * Types as for defineStore: none, or `<InitialData, State>`.
 */
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

/* ---- Queries, values --------------------------------------------------------------------------------------------- */

/** missing: it was not asked for, had not been answered, or its policy keeps it on the server. */
export type QueryResult<T> = { state: 'ready'; data: T } | { state: 'failed'; error: string } | { state: 'missing' };

/** What the server's query answered. A known answer is the same object each time. Without arguments: as with null. */
export declare function queryResult<N extends keyof Queries & string>(
  name: N,
  args?: Queries[N] extends { args: infer A } ? A : unknown,
): QueryResult<Queries[N] extends { data: infer T } ? T : unknown>;
export declare function queryResult<T = unknown, N extends string = string>(
  name: Other<N, Queries>,
  args?: unknown,
): QueryResult<T>;

/**
 * Canonical JSON (RFC 8785), the same text as the server's: for dependency arrays, where a fresh but equal array must not
 * count as a change. Members that are undefined or functions are left out, a Date is its toJSON.
 * Throws lone_surrogate, nul, not_finite, too_deep (more than 128 containers inside each other, cycles too).
 */
export declare function stringify(value: unknown): string;

/** Undoes what the server's `encode` made of each value. `deserialize` is preferred when both are there. */
export type Transformer = { deserialize(value: any): unknown } | { parse(value: any): unknown };

/** To be called before the first read of any value. */
export declare function configure(options: { transformer?: Transformer }): void;
