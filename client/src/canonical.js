// Canonical JSON (RFC 8785), as the server writes it: equal values are equal text. Serves as the keys of queries, as the
// text of JSON cookies, and in dependency arrays, where a fresh but equal array must not count as a change.
import { fail } from './util.js';

const DEEPEST = 128; // as on the server; it also ends cycles

// ECMAScript's escapes are those of RFC 8785 3.2.2.2, its numbers those of 3.2.2.3.
const writeScalar = (value) => {
  if (typeof value === 'string') {
    if (/\p{Cs}/u.test(value)) fail('lone_surrogate', 'half of a pair');
    if (/\0/.test(value)) fail('nul', 'U+0000');
  }
  if (typeof value === 'number' && !isFinite(value)) fail('not_finite', value);
  return JSON.stringify(value);
};

const write = (value, depth) => {
  if (typeof value?.toJSON === 'function') value = value.toJSON();
  if (!value || typeof value !== 'object') return writeScalar(value);
  if (depth > DEEPEST) fail('too_deep', DEEPEST);
  return Array.isArray(value)
    ? `[${Array.from(value, (item) => write(item, depth + 1) ?? 'null')}]`
    : `{${Object.keys(value)
        .sort()
        .flatMap((key) => writeMember(key, write(value[key], depth + 1)))}}`;
};

const writeMember = (key, text) => (text === undefined ? [] : writeScalar(key) + ':' + text);

/**
 * The canonical text of a value. Members that are undefined or functions are left out, as JSON.stringify does, and a
 * Date is its toJSON. Keys sort by UTF-16 code units, which is what sort() does (RFC 8785 3.2.3).
 * Throws what the server would refuse: lone_surrogate, nul, not_finite, too_deep.
 */
export const stringify = (value) => write(value, 1);
