import type { Atoms, DefineOptions, Other, Unsubscribe } from './index.js';

type Methods = Record<string, (...args: any[]) => any>;
type Value<V> = V | ((previous: V, atom: Atom<V>) => V);
type Bound<A> = { [K in keyof A]: A[K] extends (...args: infer P) => infer R ? (...args: P) => R : never };

/**
 * A state with its own verbs. Of a template only `key`, `value`, `defaultValue` and `get` can be used: everything else
 * throws template_is_read_only. A clone that was destroyed throws atom_destroyed.
 */
export interface Atom<V> {
  /** A template's own; a clone's is `KEY.clone.N`, N counting in its store. */
  readonly key: string;
  readonly value: V;
  /** A copy of the default. */
  readonly defaultValue: V;
  /** What the clone began with: what was queued, transferred or kept in a cookie for it, or the default. */
  readonly initialValue: V;
  /** What stands at a dotted path, or what the template's `get` answers for it; `otherwise` when nothing does. */
  get<T = unknown>(path: string, otherwise?: T): T;

  /** Each goes through beforeUpdate. An identical value changes nothing and tells nobody. */
  update(next: Value<V>): void;
  silentUpdate(next: Value<V>): void;
  /** Sets members of an object, one level deep. */
  merge(members: Partial<V>): void;
  /**
   * Sets what stands at a dotted path; what is missing around it is made. In an array that is an item, or the one behind
   * the last; anything else throws no_member.
   */
  change(path: string, value: unknown): void;
  /** Back to the default, without beforeUpdate. onReset listeners are told first, then onChange ones; silent: none. */
  reset(): void;
  silentReset(): void;

  onChange(listener: (next: V, previous: V, atom: Atom<V>) => void): Unsubscribe;
  /** Tells when what stands at the path is another. */
  watch<T = any>(path: string, listener: (next: T, previous: T, atom: Atom<V>) => void): Unsubscribe;
  onReset(listener: (atom: Atom<V>) => void): Unsubscribe;
  onDestroy(listener: (atom: Atom<V>) => void): Unsubscribe;

  /** Another clone in the same store, with the present value: in `list`, but not found by key, nor in `snapshot`. */
  clone(): this;
  /**
   * Takes the clone out of its store; the next use of its template makes a new one, which begins with what its cookie
   * keeps, or the default. Twice is harmless.
   */
  destroy(): void;
}

/** A clone, with its template's actions. */
export type AtomClone<V, A = {}> = Atom<V> & Bound<A>;

declare const template: unique symbol;

/** What `createAtom` declares, to be used through a store. */
export type AtomTemplate<V, A = {}> = AtomClone<V, A> & { readonly [template]?: A };

/** What of a cookie's handle keeps an atom. */
export interface Keeper<V> {
  get(otherwise: object): unknown;
  set(value: V): void;
}

export interface AtomOptions<V, A> extends DefineOptions {
  key: string;
  default: V;
  /**
   * A cookie's handle, of any encoding that holds the values: the server's `persist` under the same name. A clone begins
   * with what the cookie holds, unless something was queued or transferred for it; each change writes the cookie, silent
   * ones too, and one that the cookie cannot hold is thrown (cookie_too_long) and changes nothing. Only in the tab's
   * own store and in providers that begin with what was transferred, and not for clones of clones.
   */
  persist?: Keeper<V>;
  /** Looks at a value before an atom takes it, and answers the one to take. Throwing refuses it. */
  beforeUpdate?(next: V, previous: V, atom: Atom<V>): V;
  /** Answers `atom.get`. */
  get?(path: string, otherwise: any, value: V): any;
  /** Methods of every clone; `this` is the clone. An action cannot have the name of a method (duplicate_name). */
  actions?: A & ThisType<AtomClone<V, A>>;
  onChange?(next: V, previous: V, atom: Atom<V>): void;
  onReset?(atom: Atom<V>): void;
  onDestroy?(atom: Atom<V>): void;
}

/** Declares a template. Throws duplicate_name. */
export declare function createAtom<N extends keyof Atoms & string, A extends Methods = {}>(
  options: AtomOptions<Atoms[N], A> & { key: N },
): AtomTemplate<Atoms[N], A>;
export declare function createAtom<V, A extends Methods = {}, N extends string = string>(
  options: AtomOptions<V, A> & { key: Other<N, Atoms> },
): AtomTemplate<V, A>;

/** Its methods may be taken off it: they are not bound to `this`. */
export declare class AtomStore {
  constructor();
  /** The clone of a template in this store: made at the first call, the same afterwards. Throws unknown_atom. */
  use<V, A>(template: AtomTemplate<V, A>): AtomClone<V, A>;
  /** The clone of that template key if it has been used. */
  get<V = any>(key: string): Atom<V> | undefined;
  has(key: string): boolean;
  /** The clones in the order of their first use. */
  list(): Atom<any>[];
  /** Gives values by template key: to clones at once, to others at their first use; both as an `update`. */
  hydrate(snapshot: Record<string, unknown>): void;
  /** The present values by template key. */
  snapshot(): Record<string, unknown>;
  /** Destroys every clone and forgets what was queued. */
  destroy(): void;
}

export declare function createAtomStore(): AtomStore;

/** The tab's own store: it goes on with what the server's request had. */
export declare function getAtomStore(): AtomStore;
