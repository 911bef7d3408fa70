// CookieStore: a value that travels both ways. What counts is what the browser holds: document.cookie is read again
// whenever its text has changed, and a value has changed when its text has. What the server would refuse to send is
// refused here under the same name (cookie/grammar.h), so that no browser drops or changes it silently.
import { stringify } from './canonical.js';
import { createState, createUse } from './state.js';
import { claim, fail, isServer } from './util.js';

const LONGEST_PAIR = 4096; // RFC 6265bis 5.6 step 5
const LONGEST_ATTRIBUTE = 1024;
const LONGEST_AGE = 34560000; // 400 days: RFC 6265bis 5.5

let lastText;
let jar;

/** The cookies by name: split and trimmed as the server does, the first of a name counts. Blanks cost no second look. */
const parse = (text) => {
  const cookies = new Map();
  for (const piece of text.split(';')) {
    const [, name, value = ''] = /^[ \t]*([^=]*[^= \t])?[ \t]*=[ \t]*([^]*[^ \t])?/.exec(piece) || [];
    if (name && !cookies.has(name)) cookies.set(name, value);
  }
  return cookies;
};

const textOf = (name) => {
  const text = isServer() ? '' : document.cookie;
  if (text !== lastText) jar = parse((lastText = text));
  return jar.get(name);
};

/** What `decoder` makes of a text; `otherwise`, or nothing, when that fails. */
const attempt = (decoder, text, otherwise) => {
  try {
    return decoder(text);
  } catch {
    return otherwise;
  }
};

// A malformed escape or a NUL: the value is what was sent.
const decodePercent = (text) => (text.includes('%00') ? text : attempt(decodeURIComponent, text, text));

const encodeJson = (value) => {
  const text = stringify(value);
  return text && encodeURIComponent(text); // there is no JSON of undefined
};

const countStrings = (json) => json.split(/"(?:[^"\\]|\\.)*"/).length;

// What the server would refuse is no value here either; of two members of one name, JSON.parse keeps only one.
const decodeJson = (text) => {
  text = decodePercent(text);
  const value = JSON.parse(text);
  if (countStrings(stringify(value)) === countStrings(text)) return value;
};

const check = (isFine, code, detail) => isFine || fail(code, detail);

// RFC 6265bis 4.1.1: octets, or octets in quotes.
const encodeRaw = (value) => /^("?)[!#-+\--:<-[\]-~]*\1$/.test(value) && value;

/** [encode, decode]. Encoders answer no string for what they cannot write; decoders throw or answer nothing likewise. */
const encodings = {
  raw: [encodeRaw, (text) => text],
  percent: [(value) => attempt(encodeURIComponent, value), decodePercent],
  json: [encodeJson, decodeJson],
};

const label = '[a-z\\d]([a-z\\d-]{0,61}[a-z\\d])?';

/** The same checks in the same order as ssr_cookie_format, for all but the value. */
const checkDefinition = (name, { encoding, path, domain, maxAge = 0, sameSite, secure, partitioned, httpOnly }) => {
  check(!httpOnly, 'http_only', name); // no script can read or write it
  check(encodings[encoding] && /^\d+$/.test(maxAge), 'invalid_argument', name);
  check(/^[\w!#$%&'*+.^`|~-]+$/.test(name), 'cookie_name', name);
  check(/^\/([ -:<-~]*[!-:<-~])?$/.test(path), 'cookie_path', name);
  check(!domain || RegExp(`^\\.?(?!.{254})${label}(\\.${label})*$`, 'i').test(domain), 'cookie_domain', name);
  check(/^(Strict|Lax|None)$/.test(sameSite), 'cookie_same_site', name);
  check(secure || sameSite !== 'None', 'cookie_same_site_none', name);
  check(secure || !partitioned, 'cookie_partitioned', name);
  // __Http- and __Host-Http- promise what no script can keep.
  check(!/^__(Host-)?Http-/i.test(name) && (secure || !/^__(Secure|Host)-/i.test(name)), 'cookie_prefix', name);
  check(!/^__Host-/i.test(name) || (path === '/' && !domain), 'cookie_prefix', name);
  check(path.length <= LONGEST_ATTRIBUTE, 'cookie_attribute_too_long', name);
};

const writeCookie = (pair, { path, domain, secure, sameSite, partitioned }, life) => {
  if (isServer()) return; // the server's cookies are its own to send
  document.cookie = [
    pair,
    'Path=' + path,
    domain && 'Domain=' + domain,
    life,
    secure && 'Secure',
    'SameSite=' + sameSite,
    partitioned && 'Partitioned',
  ]
    .filter(Boolean)
    .join('; ');
};

const createHandle = (name, options) => {
  const [encode, decode] = encodings[options.encoding];
  // {text, value}: one object for one text, so that a decoded value keeps its identity; no value where none can be read.
  let latest;

  const look = () => {
    const text = textOf(name);
    if (!latest || latest.text !== text) latest = { text, value: text === undefined ? text : attempt(decode, text) };
    return latest;
  };
  const read = ({ value }, otherwise = options.fallback) => (value === undefined ? otherwise : value);
  const known = createState(look); // what the listeners have heard of
  const refresh = () => known.change(look());
  const put = (text, life) => {
    known.get(); // so that what was there before is known
    writeCookie(name + '=' + text, options, life);
    refresh();
  };
  const get = (otherwise) => known.get() && read(look(), otherwise);
  const subscribe = (listener) =>
    known.get() && known.subscribe((next, previous) => listener(read(next), read(previous)));
  return {
    name,
    get,
    set(value) {
      const text = (options.encoding === 'json' || typeof value === 'string') && encode(value);
      check(typeof text === 'string', 'cookie_value', name);
      check(name.length + text.length <= LONGEST_PAIR, 'cookie_too_long', name);
      put(text, options.maxAge && 'Max-Age=' + Math.min(options.maxAge, LONGEST_AGE));
    },
    delete: () => put('', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0'),
    use: createUse(get, subscribe),
    subscribe,
    refresh,
    initial: () => read(known.initial()),
  };
};

export const CookieStore = {
  define(name, options) {
    const settings = { encoding: 'percent', path: '/', sameSite: 'Lax', ...options };
    checkDefinition(name, settings);
    claim('cookie', name, options);
    return createHandle(name, settings);
  },
};
