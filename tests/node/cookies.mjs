// The grammar of cookies against two independent ones from npm: `cookie` (what Node servers read and write) and
// `tough-cookie` (what a browser makes of a Set-Cookie header). Where they do not follow RFC 6265bis they are not
// asked, and the line below says so:
//   cookie        reads pieces with an empty name; keeps control characters; does not cut Max-Age to 400 days
//   tough-cookie  gives "/" for a path that is not given

import { spawnSync } from 'node:child_process';
import { parse, serialize } from 'cookie';
import { Cookie } from 'tough-cookie';
import { randomBits, Report, tool } from './oracle.mjs';

const report = new Report();
const random = randomBits(6265);
const pick = (list) => list[random() % list.length];
const word = (letters, longest) => Array.from({ length: random() % (longest + 1) }, () => pick(letters)).join('');

function answers(command, lines) {
  const run = spawnSync(tool, ['cookie', command], { input: lines.join('\n') + '\n', encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.error) throw run.error;
  return run.stdout.split('\n').slice(0, -1);
}

// Headers: the first of several wins, as `cookie` has it.
const headers = Array.from({ length: 20000 }, () => word([...'abAB01=;;; "\t%2Z,/'], 30));
const lists = answers('parse', headers);
report.check(lists.length === headers.length, () => `${lists.length} answers to ${headers.length} headers`);
headers.forEach((header, i) => {
  const ours = new Map();
  for (const [name, value] of JSON.parse(lists[i])) if (!ours.has(name)) ours.set(name, value);
  const theirs = new Map(Object.entries(parse(header, { decode: (value) => value })));
  theirs.delete('');
  const text = (map) => JSON.stringify([...map].sort());
  report.check(text(ours) === text(theirs), () => `${JSON.stringify(header)}: ${text(ours)}, cookie ${text(theirs)}`);
});

// Cookies to set.
const maybe = (make) => (random() % 3 === 0 ? make() : undefined);
const specs = Array.from({ length: 20000 }, () => ({
  name: `n${word([...'aZ09-_.!'], 5)}`,
  value: word([...'aZ09-_.! ";,\\é€\u{1F600}%='], 12),
  encode: 'percent',
  path: maybe(() => `/${word([...'aZ0-_.~/% '], 6)}x`),
  domain: maybe(() => pick(['example.com', 'localhost', 'a-b.c1.org', '.example.com'])),
  expires: maybe(() => (random() % 4e9) * 1000 - 1e9),
  max_age: maybe(() => random() % 1e8),
  secure: maybe(() => true),
  http_only: maybe(() => true),
  same_site: maybe(() => pick(['strict', 'lax', 'none'])),
  partitioned: maybe(() => true),
}));
const texts = answers('format', specs.map((spec) => JSON.stringify(spec)));
report.check(texts.length === specs.length, () => `${texts.length} answers to ${specs.length} cookies`);

const longestAge = 400 * 24 * 60 * 60;
let written = 0;
specs.forEach((spec, i) => {
  const text = texts[i];
  const needsSecure = !spec.secure && (spec.same_site === 'none' || spec.partitioned);
  report.check(text.startsWith('error: ') === Boolean(needsSecure), () => `${JSON.stringify(spec)}: ${text}`);
  if (text.startsWith('error: ')) return;
  written++;

  const options = {
    path: spec.path, domain: spec.domain, secure: spec.secure, httpOnly: spec.http_only, sameSite: spec.same_site,
    partitioned: spec.partitioned, expires: spec.expires === undefined ? undefined : new Date(spec.expires),
    maxAge: spec.max_age === undefined ? undefined : Math.min(spec.max_age, longestAge),
  };
  const parts = (line) => line.split('; ').sort().join('; ');
  const theirs = serialize(spec.name, spec.value, options);
  report.check(parts(text) === parts(theirs), () => `${text}\n  cookie: ${theirs}`);

  const read = Cookie.parse(text);
  const agrees = read && read.key === spec.name && decodeURIComponent(read.value) === spec.value &&
    (spec.path === undefined || read.path === spec.path) &&
    (spec.domain === undefined || read.domain === spec.domain.replace(/^\./, '')) &&
    (spec.expires === undefined || read.expires.getTime() === Math.floor(spec.expires / 1000) * 1000) &&
    (spec.max_age === undefined || read.maxAge === options.maxAge) &&
    read.secure === Boolean(spec.secure) && read.httpOnly === Boolean(spec.http_only) &&
    (spec.same_site === undefined || read.sameSite === spec.same_site);
  report.check(agrees, () => `${text}\n  tough-cookie: ${read}`);
});

report.end('cookies', `${headers.length} headers, ${written} cookies written, ${specs.length - written} refused`);
