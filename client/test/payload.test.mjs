// The transferred element: what is read from it, when, and what happens when it is not as it should be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { element, load, loadWith, openPage, watchErrors } from './helpers.mjs';

const read = (core, name) => core.SsrStore.define(name, () => 'init').get();

test('values of every JSON type cross, null included', async () => {
  const stores = { text: 'a', number: 1.5, no: false, nothing: null, list: [1, [2]], object: { a: {} } };
  const core = await loadWith({ stores });
  for (const [name, value] of Object.entries(stores)) assert.deepEqual(read(core, name), value);
  assert.equal(read(core, 'absent'), 'init');
});

test('hostile strings arrive as they were, and nothing of them runs', async (t) => {
  const errors = watchErrors(t);
  const hostile = [
    '</script><script>window.ran = true</script>',
    '<!-- <script>',
    '<![CDATA[ ]]>',
    '\u2028\u2029',
    "$& $1 $` $'",
    '"\\u003c/script>',
    '&lt;&amp;',
    '\u{1F600}',
    "');window.ran = true//",
  ];
  const core = await loadWith({ stores: { hostile, [hostile[0]]: 'a name' } });
  assert.deepEqual(read(core, 'hostile'), hostile);
  assert.equal(read(core, hostile[0]), 'a name');
  assert.equal(window.ran, undefined);
  assert.equal(document.scripts.length, 1);
  assert.deepEqual(errors(), []);
});

test('members called __proto__ and constructor are members, nothing more', async () => {
  openPage(
    '<script type="application/json" id="__SSRSTORE__">' +
      '{"__proto__":{"queries":{}},"stores":{"__proto__":{"admin":true},"safe":{"__proto__":{"admin":true}}},' +
      '"atoms":{"bag":{"__proto__":{"admin":true}}},"shared":{"ui":{"__proto__":{"admin":true}}},"v":1}</script>',
  );
  const core = await load();
  const safe = read(core, 'safe');
  assert.deepEqual(Object.keys(safe), ['__proto__']);
  assert.equal(Object.getPrototypeOf(safe), Object.prototype);
  assert.equal(read(core, '__proto__').admin, true);
  assert.equal(read(core, 'constructor'), 'init');
  assert.equal(read(core, 'toString'), 'init');

  const bag = core.getAtomStore().use(core.createAtom({ key: 'bag', default: {} }));
  bag.merge({ a: 1 });
  bag.change('__proto__.b', 2);
  assert.equal(Object.getPrototypeOf(bag.value), Object.prototype);
  assert.equal(bag.get('__proto__.b'), 2);

  const ui = core.defineStore(() => ({ isOpen: true }), { name: 'ui' });
  ui.setState((draft) => void (draft.isOpen = false));
  assert.equal(Object.getPrototypeOf(ui.getState()), Object.prototype);
  assert.equal(ui.getState().admin, undefined);
  assert.equal({}.admin, undefined);
  assert.equal({}.b, undefined);
});

test('the first element counts, of those that are inert JSON', async () => {
  openPage(
    '<div id="__SSRSTORE__">{"v":1,"stores":{"a":"a div"}}</div>' +
      '<script type="text/plain" id="__SSRSTORE__">{"v":1,"stores":{"a":"plain"}}</script>' +
      element({ stores: { a: 'first' } }) +
      element({ stores: { a: 'second', b: 'second' } }),
  );
  const core = await load();
  assert.equal(read(core, 'a'), 'first');
  assert.equal(read(core, 'b'), 'init');
});

test('members may be missing', async (t) => {
  const errors = watchErrors(t);
  const core = await loadWith({});
  assert.equal(read(core, 'a'), 'init');
  assert.deepEqual(core.queryResult('a'), { state: 'missing' });
  assert.equal(core.getAtomStore().use(core.createAtom({ key: 'a', default: 1 })).value, 1);
  assert.deepEqual(errors(), []);
});

test('no element, and no document, are like nothing transferred', async (t) => {
  const errors = watchErrors(t);
  openPage('');
  assert.equal(read(await load(), 'a'), 'init');
  delete globalThis.document;
  const core = await load();
  assert.equal(read(core, 'a'), 'init');
  const theme = core.CookieStore.define('theme', { fallback: 'light' });
  theme.set('dark');
  assert.equal(theme.get(), 'light');
  assert.deepEqual(errors(), []);
});

for (const [what, text] of [
  ['malformed JSON', '{"v":1,"stores":{"a":"b"}'],
  ['nothing at all', ''],
  ['null', 'null'],
  ['another version', '{"v":2,"stores":{"a":"b"}}'],
  ['no version', '{"stores":{"a":"b"}}'],
]) {
  test(`${what} is reported once, and the page starts without it`, async (t) => {
    const errors = watchErrors(t);
    openPage(`<script type="application/json" id="__SSRSTORE__">${text}</script>`);
    const core = await load();
    assert.deepEqual(errors(), []); // not before it is needed
    assert.equal(read(core, 'a'), 'init');
    assert.equal(read(core, 'b'), 'init');
    assert.deepEqual(core.queryResult('a'), { state: 'missing' });
    assert.equal(errors().length, 1);
    assert.match(errors()[0], /ssrstore: .*__SSRSTORE__.*starts without it/);
  });
}

test('sections of a wrong type hold nothing', async () => {
  const core = await loadWith({ stores: null, queries: 5, atoms: 'text', contexts: [] });
  assert.equal(read(core, 'a'), 'init');
  assert.deepEqual(core.queryResult('a'), { state: 'missing' });
});

test('the element is read at the first need, and then not again', async () => {
  openPage('');
  const core = await load();
  const title = core.SsrStore.define('title', () => 'init');
  document.body.innerHTML = element({ stores: { title: 'late', other: 'late' } });
  assert.equal(title.get(), 'late');
  document.body.innerHTML = '';
  assert.equal(read(core, 'other'), 'late');
});

test('who asks before the parser has come to the element, spoils it for nobody', async () => {
  openPage('');
  let readyState = 'loading';
  Object.defineProperty(document, 'readyState', { get: () => readyState });
  const core = await load();
  assert.equal(read(core, 'early'), 'init');
  document.body.innerHTML = element({ stores: { early: 'x', later: 'y' } });
  readyState = 'complete';
  assert.equal(read(core, 'later'), 'y');
});

test('the transformer undoes what the server encoded, value by value, at the first read', async () => {
  const core = await loadWith({
    stores: { a: 'A', b: 'B' },
    atoms: { atom: 'C' },
    contexts: { '/user': 'D' },
    shared: { ui: 'E' },
    queries: { '["idea",7]': { ready: 'F' }, '["idea",8]': { failed: 'gone' } },
  });
  const decoded = [];
  const deserialize = (value) => (decoded.push(value), { value: value.toLowerCase() });
  core.configure({ transformer: { deserialize, parse: () => assert.fail('deserialize is there') } });
  const a = core.SsrStore.define('a', () => 0);
  core.SsrStore.define('b', () => 0);
  assert.deepEqual(decoded, []);
  assert.deepEqual(a.get(), { value: 'a' });
  assert.equal(a.get(), a.get());
  assert.deepEqual(decoded, ['A']);
  assert.deepEqual(core.getAtomStore().use(core.createAtom({ key: 'atom', default: 0 })).value, { value: 'c' });
  const users = core.defineContextStore('user', (user) => () => ({ user }));
  assert.deepEqual(users.createInstance().getState(), { user: { value: 'd' } });
  assert.deepEqual(core.defineStore(() => ({}), { name: 'ui' }).getState(), { value: 'e' });
  assert.deepEqual(core.queryResult('idea', 7), { state: 'ready', data: { value: 'f' } });
  assert.deepEqual(core.queryResult('idea', 8), { state: 'failed', error: 'gone' });
});

test('a transformer may be named parse; one that fails costs one value', async (t) => {
  const errors = watchErrors(t);
  const core = await loadWith({ stores: { good: '"x"', bad: '{' } });
  core.configure({ transformer: JSON });
  assert.equal(read(core, 'good'), 'x');
  assert.equal(read(core, 'bad'), 'init');
  assert.equal(errors().length, 1);
});

test('query results by canonical key', async () => {
  const core = await loadWith({
    queries: {
      '["ideas",null]': { ready: [1, 2] },
      '["idea",{"a":[1],"b":"x"}]': { ready: null },
      '["idea","7"]': { failed: 'timeout' },
    },
  });
  const all = core.queryResult('ideas');
  assert.deepEqual(all, { state: 'ready', data: [1, 2] });
  assert.equal(core.queryResult('ideas', null), all);
  assert.deepEqual(core.queryResult('idea', { b: 'x', a: [1] }), { state: 'ready', data: null });
  assert.deepEqual(core.queryResult('idea', '7'), { state: 'failed', error: 'timeout' });
  assert.deepEqual(core.queryResult('idea', 7), { state: 'missing' });
  assert.deepEqual(core.queryResult('constructor'), { state: 'missing' });
});
