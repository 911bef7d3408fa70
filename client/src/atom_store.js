// Atoms: a template is declared once and never changes; a store holds a clone of each template that was used, and no
// clone can be reached from another store. A clone's value is written at once; writes to a template are refused.
import { deepCopy } from './draft.js';
import { transferred } from './payload.js';
import { createListeners, createState } from './state.js';
import { claim, fail, isContainer, report } from './util.js';

const definitions = new WeakMap(); // template -> its options

const valueAt = (value, path) =>
  path.split('.').reduce((at, key) => (at != null && Object.hasOwn(at, key) ? at[key] : undefined), value);

/**
 * A copy of the containers along a path, made where they are missing, with the item at its end. As on the server, an array
 * has its items and the next one, and no other place: what stood there would be lost with the next copy.
 */
const withItem = (value, [key, ...rest], item) => {
  if (Array.isArray(value) && !(/^(0|[1-9]\d*)$/.test(key) && key <= value.length)) fail('no_member', key);
  const member = rest.length ? withItem(valueAt(value, key), rest, item) : item;
  const copy = Array.isArray(value) ? [...value] : { ...(isContainer(value) && value) };
  // Not by assignment: one to "__proto__" would change the prototype.
  return Object.defineProperty(copy, key, { value: member, writable: true, enumerable: true, configurable: true });
};

/**
 * refusal   why this atom cannot be written, if it cannot
 * spawn     makes another clone of the same template in the same store
 * keep      is given each new value before the atom takes it; what it throws refuses the value
 */
const createInstance = (options, key, start, refusal, spawn, keep) => {
  const state = createState(() => start);
  const resets = createListeners();
  const ends = createListeners();

  const check = () => refusal && fail(refusal, key);
  const on = ({ subscribe }, first) => {
    if (first) subscribe(first);
    return (listener) => check() || subscribe(listener);
  };
  const swap = (next, isSilent) => {
    if (!Object.is(next, state.get())) keep?.(next);
    if (isSilent) state.changeSilently(next);
    else state.change(next, atom);
  };
  const write = (next, isSilent) => {
    check();
    const value = state.get();
    if (typeof next === 'function') next = next(value, atom);
    swap(options.beforeUpdate ? options.beforeUpdate(next, value, atom) : next, isSilent);
  };

  const atom = {
    key,
    initialValue: start,
    get value() {
      return state.get();
    },
    get defaultValue() {
      return deepCopy(options.default);
    },
    get(path, otherwise) {
      if (options.get) return options.get(path, otherwise, atom.value);
      const found = valueAt(atom.value, path);
      return found === undefined ? otherwise : found;
    },
    update: (next) => write(next),
    silentUpdate: (next) => write(next, true),
    merge: (members) => write({ ...atom.value, ...members }),
    change: (path, item) => write(withItem(atom.value, path.split('.'), item)),
    reset() {
      check();
      resets.tell(atom);
      swap(atom.defaultValue);
    },
    silentReset() {
      check();
      swap(atom.defaultValue, true);
    },
    onChange: on(state, options.onChange),
    onReset: on(resets, options.onReset),
    onDestroy: on(ends, options.onDestroy),
    watch: (path, listener) =>
      atom.onChange((next, previous) => {
        const [after, before] = [next, previous].map((value) => valueAt(value, path));
        if (!Object.is(after, before)) listener(after, before, atom);
      }),
    clone: () => check() || spawn(atom.value),
    destroy() {
      if (refusal === 'atom_destroyed') return;
      check();
      refusal = 'atom_destroyed';
      ends.tell(atom);
    },
  };
  for (const name in options.actions) {
    if (name in atom) fail('duplicate_name', 'action ' + name);
    atom[name] = options.actions[name].bind(atom);
  }
  return atom;
};

export const createAtom = (options) => {
  claim('atom', options.key, options);
  const template = createInstance(options, options.key, deepCopy(options.default), 'template_is_read_only');
  definitions.set(template, options);
  return template;
};

/** Gives a value to a clone as any update does; a refused one leaves it as it is, and concerns no other. */
const give = (atom, { value }) => {
  try {
    atom.update(value);
  } catch (error) {
    report(error);
  }
};

const absent = {};

/** What the cookie of a template holds, as {value}. */
const keptIn = (cookie) => {
  const value = cookie.get(absent);
  return value === absent ? undefined : { value };
};

export class AtomStore {
  /** lookUp: where values come from that nobody has queued, as {value}. Only with one do cookies keep atoms. */
  constructor(lookUp) {
    const clones = new Map(); // by the template's key
    const queued = new Map(); // {value}, likewise; nothing once it was given
    const all = new Set();
    let count = 0;

    const spawn = (options, start, keep) => {
      const key = `${options.key}.clone.${++count}`;
      const atom = createInstance(options, key, start, undefined, (value) => spawn(options, value), keep);
      all.add(atom);
      atom.onDestroy(() => all.delete(atom));
      return atom;
    };
    const firstUse = (key, options) => {
      const cookie = lookUp && options.persist;
      const hydrated = queued.get(key);
      let isLoading = !hydrated; // what was transferred is in the cookie already
      const clone = spawn(options, deepCopy(options.default), cookie && ((value) => isLoading || cookie.set(value)));
      clones.set(key, clone);
      clone.onDestroy(() => clones.delete(key));
      const given = (queued.has(key) ? hydrated : lookUp?.(key)) || (cookie && keptIn(cookie));
      queued.set(key);
      if (given) give(clone, given);
      isLoading = false;
      clone.initialValue = clone.value;
      return clone;
    };
    Object.assign(this, {
      use(template) {
        const options = definitions.get(template) || fail('unknown_atom', template?.key);
        return clones.get(options.key) || firstUse(options.key, options);
      },
      get: (key) => clones.get(key),
      has: (key) => clones.has(key),
      list: () => [...all],
      hydrate(snapshot) {
        for (const [key, value] of Object.entries(snapshot)) {
          if (clones.has(key)) give(clones.get(key), { value });
          else queued.set(key, { value });
        }
      },
      snapshot: () => Object.fromEntries([...clones].map(([key, clone]) => [key, clone.value])),
      destroy() {
        for (const atom of all) atom.destroy();
        queued.clear();
        lookUp = undefined;
      },
    });
  }
}

export const createAtomStore = () => new AtomStore();

/** A store that begins with the values that the server transferred. */
export const transferredAtoms = () => new AtomStore((key) => transferred('atoms', key));

let tabStore;

/** The tab's own store: what the server's request had, goes on here. */
export const getAtomStore = () => (tabStore ||= transferredAtoms());
