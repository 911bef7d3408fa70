// What several files need: named errors, a way to say that something went wrong without stopping, unique names, and
// property access that no key can turn against us.

/** Throws an error whose `code` is one of the names in the README's table; the same names as on the server. */
export const fail = (code, detail) => {
  throw Object.assign(Error(`${code}: ${detail}`), { name: 'SsrError', code });
};

/** For what must not stop the page: a listener that threw, a payload that cannot be read. */
export const report = (what) => console.error('ssrstore:', what);

export const isServer = () => typeof document === 'undefined';

const names = new Set();

/** Takes a name: two states under one name of a kind would silently be one. */
export const claim = (kind, name, options) => {
  const id = kind + name;
  if (names.has(id) && !options?.replace) fail('duplicate_name', name);
  names.add(id);
};

/** Arrays and plain objects: what is copied and compared by its members. Anything else is one opaque value. */
export const isContainer = (value) =>
  value != null && [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value));
