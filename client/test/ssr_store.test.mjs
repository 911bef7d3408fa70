import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, element, load, loadWith, openPage, watchErrors } from './helpers.mjs';

test('a handle has the transferred value, else what init makes, once, at the first read', async () => {
  const { SsrStore } = await loadWith({ stores: { title: 'Ideas' } });
  let inits = 0;
  const init = () => ++inits;
  const title = SsrStore.define('title', init);
  const other = SsrStore.define('other', init);
  assert.equal(title.name, 'title');
  assert.equal(title.get(), 'Ideas');
  assert.equal(inits, 0);
  assert.equal(other.get() + other.get() + other.use(), 3);
  assert.equal(inits, 1);
});

test('undefined is a value', async () => {
  const { SsrStore } = await loadWith({ stores: { a: 1 } });
  let inits = 0;
  const none = SsrStore.define('none', () => void inits++);
  none.get();
  none.get();
  assert.equal(inits, 1);
  const a = SsrStore.define('a', () => 0);
  a.set(undefined);
  assert.equal(a.get(), undefined);
});

test('defined before or after the element is there, the value is the same', async () => {
  openPage('');
  const { SsrStore } = await load();
  const before = SsrStore.define('before', () => 'init');
  document.body.innerHTML = element({ stores: { before: 'x', after: 'x' } });
  const after = SsrStore.define('after', () => 'init');
  assert.deepEqual([before.get(), after.get()], ['x', 'x']);
});

test('a set before the first read wins over the payload, which stays known as what the page began with', async () => {
  const { SsrStore } = await loadWith({ stores: { title: 'Ideas' } });
  const title = SsrStore.define('title', () => 'init');
  title.set('mine');
  assert.equal(title.get(), 'mine');
  assert.equal(title.initial(), 'Ideas');
});

test('set is at once; identity says what a change is', async () => {
  const { SsrStore } = await loadWith({});
  const list = SsrStore.define('list', () => []);
  const heard = [];
  list.subscribe((...news) => heard.push(news));
  const [first, second] = [list.get(), []];
  list.set(first);
  assert.deepEqual(heard, []);
  list.set(second);
  assert.equal(list.get(), second);
  assert.equal(heard.length, 1);
  assert.equal(heard[0].length, 2);
  assert.equal(heard[0][0], second);
  assert.equal(heard[0][1], first);
  list.set(NaN);
  list.set(NaN);
  assert.equal(heard.length, 2);
});

test('a function is a value, not an updater', async () => {
  const { SsrStore } = await loadWith({});
  const store = SsrStore.define('f', () => null);
  const value = () => assert.fail('called');
  store.set(value);
  assert.equal(store.get(), value);
});

test('listeners are told in the order of subscription; one that fails stops no other', async (t) => {
  const errors = watchErrors(t);
  const { SsrStore } = await loadWith({});
  const store = SsrStore.define('a', () => 0);
  const heard = [];
  const say = (next) => heard.push(next);
  store.subscribe(() => heard.push('first'));
  store.subscribe(() => {
    throw new Error('broken listener');
  });
  const end = store.subscribe(say);
  store.subscribe(say); // the same function again: a subscription of its own
  store.set(1);
  assert.deepEqual(heard, ['first', 1, 1]);
  assert.match(errors().join(), /broken listener/);
  end();
  end();
  store.set(2);
  assert.deepEqual(heard, ['first', 1, 1, 'first', 2]);
});

test('one that unsubscribes another while being told keeps it from being told', async () => {
  const { SsrStore } = await loadWith({});
  const store = SsrStore.define('a', () => 0);
  const heard = [];
  store.subscribe(() => end());
  const end = store.subscribe(() => heard.push('too late'));
  store.subscribe(() => store.subscribe(() => heard.push('too early')));
  store.set(1);
  assert.deepEqual(heard, []);
});

test('a set from inside a listener holds at once, and everybody hears both changes in order', async () => {
  const { SsrStore } = await loadWith({});
  const store = SsrStore.define('a', () => 0);
  const heard = [];
  store.subscribe((next) => {
    if (next !== 1) return;
    store.set(2);
    assert.equal(store.get(), 2);
  });
  store.subscribe((next, previous) => heard.push([next, previous]));
  store.set(1);
  assert.deepEqual(heard, [
    [1, 0],
    [2, 1],
  ]);
});

test('listeners that answer each change with another are stopped, and the store goes on', async (t) => {
  const errors = watchErrors(t);
  const { SsrStore } = await loadWith({});
  const store = SsrStore.define('a', () => 0);
  const end = store.subscribe((next) => store.set(next + 1));
  store.set(1);
  assert.match(errors().join(), /listener_loop/);
  end();
  const heard = [];
  store.subscribe((next) => heard.push(next));
  store.set('after');
  assert.deepEqual(heard, ['after']);
});

test('use without a framework reads, and subscribes for good', async () => {
  const { SsrStore } = await loadWith({ stores: { a: 1 } });
  const store = SsrStore.define('a', () => 0);
  const heard = [];
  assert.equal(store.use(), 1);
  assert.equal(
    store.use((...news) => heard.push(news)),
    1,
  );
  store.set(2);
  store.set(3);
  assert.deepEqual(heard, [
    [2, 1],
    [3, 2],
  ]);
});

test('a second definition is refused by name, unless it says replace: then the value stays', async () => {
  const { SsrStore, CookieStore } = await loadWith({ stores: { a: 'transferred' } });
  const a = SsrStore.define('a', () => 'init');
  assert.throws(() => SsrStore.define('a', () => 'other'), {
    name: 'SsrError',
    code: 'duplicate_name',
    message: 'duplicate_name: a',
  });
  assert.equal(
    codeOf(() => SsrStore.define('a', () => 'other', { replace: false })),
    'duplicate_name',
  );
  a.set('mine');
  const again = SsrStore.define('a', () => 'other', { replace: true });
  assert.equal(again.get(), 'mine');
  again.set('both');
  assert.equal(a.get(), 'both');
  SsrStore.define('fresh', () => 'old');
  assert.equal(SsrStore.define('fresh', () => 'new', { replace: true }).get(), 'new');
  CookieStore.define('a'); // a name is unique among its kind
});

test('methods can be taken off the handle', async () => {
  const { SsrStore } = await loadWith({});
  const { get, set, subscribe } = SsrStore.define('a', () => 0);
  const heard = [];
  subscribe((...news) => heard.push(news));
  [1, 2].forEach(set); // more arguments than one mean nothing
  assert.equal(get(), 2);
  assert.deepEqual(heard, [
    [1, 0],
    [2, 1],
  ]);
});
