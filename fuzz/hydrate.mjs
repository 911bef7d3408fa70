// The browser half with transferred elements that are not as they should be: hydrate.mjs COUNT. It is given each file of
// corpus/hydrate, then COUNT changes of them, the same ones in every run, to their bytes or to what they hold. What must
// hold: nothing is thrown but errors with a name of their own, and what is reported is reported as ours; no prototype is
// changed; and what the element holds whole is what each handle begins with.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { randomBits } from '../tests/node/random.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const client = fileURLToPath(new URL('../client/', import.meta.url));
const { buildSync } = createRequire(`${client}package.json`)('esbuild');

// One script of the package, to be evaluated anew for each page.
const [{ text: script }] = buildSync({
  stdin: { contents: "export * from './index.js'; export * from './atoms.js';", resolveDir: `${client}src` },
  bundle: true,
  write: false,
  format: 'iife',
  globalName: 'ssrstore',
  target: 'es2022',
}).outputFiles;
const load = new Function('document', 'console', `${script}; return ssrstore;`);

const random = randomBits(10);
const below = (limit) => random() % limit;
const pick = (choices) => choices[below(choices.length)];

// ---- Changed elements

const values = [null, true, 0, -0, 1e308, '', 'text', '__proto__', [], {}, [[]], { ready: 1 }, { failed: 'x' }];
const names = ['atoms', 'contexts', 'queries', 'shared', 'stores', 'v', '__proto__', 'constructor', 'prototype', 'title',
  'bag', 'ui', '/user', '["idea",7]', 'ready', 'failed', 'length', '0', ''];
const pieces = ['{', '}', '[', ']', '"', ',', ':', '\\', '0', '-', 'e', ' ', '\u0000', '\ud800', '"__proto__":', '[['];

const setMember = (object, key, value) =>
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });

const nest = (value, depth) => (depth ? nest(below(2) ? [value] : { a: value }, depth - 1) : value);

/** A copy with something else at one place in it. */
function changeValue(value) {
  if (value === null || typeof value !== 'object' || below(4) === 0)
    return below(20) ? pick(values) : nest(value, below(200));
  const copy = Array.isArray(value) ? [...value] : Object.fromEntries(Object.entries(value));
  const keys = Object.keys(copy);
  const key = keys.length && below(4) ? pick(keys) : Array.isArray(copy) ? copy.length : pick(names);
  if (keys.length && below(6) === 0) delete copy[key];
  else setMember(copy, key, changeValue(Object.hasOwn(copy, key) ? copy[key] : pick(values)));
  return copy;
}

function changeText(text) {
  const at = below(text.length + 1);
  const taken = below(3);
  return text.slice(0, at) + (below(3) ? pick(pieces) : '') + text.slice(at + taken);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {} // what it then holds is nothing
}

function changed(text) {
  const value = parsed(text);
  if (value === undefined || below(3) === 0) return changeText(changeText(text));
  return JSON.stringify(changeValue(changeValue(value)));
}

// ---- One page

const known = new Set(['ambiguous_update', 'not_finite', 'too_deep', 'lone_surrogate', 'nul']);

/** Answers undefined where an error with a name of ours is thrown. */
function attempt(act) {
  try {
    return act();
  } catch (error) {
    if (!(error.name === 'SsrError' && known.has(error.code))) throw error;
  }
}

/** What the element holds under a name, as {value}. */
function held(element, section, name) {
  const values = element?.v === 1 && Object.hasOwn(element, section) ? element[section] : undefined;
  return values != null && Object.hasOwn(values, name) ? { value: values[name] } : undefined;
}

/** No value has another prototype than JSON gave it. */
function expectPlain(value) {
  if (value === null || typeof value !== 'object') return;
  assert.ok([Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value)));
  Object.values(value).forEach(expectPlain);
}

function readStores({ SsrStore }, element) {
  for (const name of ['title', 'list', 'nothing', 'toString', '__proto__']) {
    const store = SsrStore.define(name, () => 'init');
    const found = held(element, 'stores', name);
    assert.deepEqual(store.get(), found ? found.value : 'init');
    store.set('next');
    assert.deepEqual([store.get(), store.initial()], ['next', found ? found.value : 'init']);
  }
}

function readQueries({ queryResult }) {
  for (const [name, args] of [['idea', 7], ['ideas'], ['constructor']]) {
    const answer = queryResult(name, args);
    assert.ok(['ready', 'failed', 'missing'].includes(answer.state));
  }
}

function useShared({ defineStore, defineContextStore }) {
  const ui = defineStore(() => ({ isOpen: false, close() {} }), { name: 'ui' });
  attempt(() => ui.setState((draft) => void (draft.isOpen = 1)));
  assert.equal(ui.getState().isOpen, 1);
  expectPlain(ui.getState());
  const users = defineContextStore('user', (user) => () => ({ user }));
  for (const path of [undefined, '/user/user:1', '/nobody']) {
    const instance = users.createInstance(undefined, path);
    attempt(() => instance.setState((draft) => void (draft.more = [draft.user])));
    assert.ok('user' in instance.getState());
    expectPlain(instance.getState().user);
  }
}

function useAtoms({ createAtom, getAtomStore, createAtomStore }, element) {
  const found = held(element, 'atoms', 'bag');
  const bag = getAtomStore().use(createAtom({ key: 'bag', default: { a: 0 } }));
  assert.deepEqual(bag.value, found ? found.value : { a: 0 });
  bag.get('a.0.__proto__.x');
  bag.merge({ b: 1 });
  const change = () => bag.change('__proto__.deep', 2);
  if (Array.isArray(bag.get('__proto__'))) {
    assert.throws(change, { code: 'no_member' });
  } else {
    change();
    assert.equal(bag.get('__proto__.deep'), 2);
  }
  bag.change('b.c', 3);
  expectPlain(bag.value);
  bag.reset();
  assert.deepEqual(bag.value, { a: 0 });
  const other = createAtomStore();
  if (element?.atoms != null) other.hydrate(element.atoms);
  other.use(createAtom({ key: 'count', default: 0 }));
  other.snapshot();
}

function openPage(text) {
  const element = parsed(text);
  const document = { readyState: 'complete', cookie: '', querySelector: () => ({ textContent: text }) };
  const reports = [];
  const core = load(document, { error: (...words) => reports.push(words) });
  readStores(core, element);
  readQueries(core);
  useShared(core);
  useAtoms(core, element);
  for (const words of reports) assert.equal(words[0], 'ssrstore:');
  if (element?.v !== 1) assert.ok(reports.length > 0);
  for (const prototype of [Object.prototype, Array.prototype]) assert.deepEqual(Object.keys(prototype), []);
  assert.equal({}.admin ?? {}.deep, undefined);
}

// ---- All of them

function expectHolds(text) {
  try {
    openPage(text);
  } catch (error) {
    console.error(`with this element:\n${text}`);
    throw error;
  }
}

const count = Number(process.argv[2]);
const corpus = readdirSync(`${here}corpus/hydrate`)
  .sort()
  .map((name) => readFileSync(`${here}corpus/hydrate/${name}`, 'utf8'));
corpus.forEach(expectHolds);
for (let i = 0; i < count; i++) expectHolds(changed(corpus[i % corpus.length]));
console.log(`count: ${corpus.length + count} fuzz inputs replayed through hydrate`);
console.log('hydrate: 1 passed, 0 failed');
