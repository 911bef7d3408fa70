import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, loadWith, watchErrors } from './helpers.mjs';

const cart = {
  key: 'cart',
  default: { items: [], note: { text: '' } },
  actions: {
    push(item) {
      this.change('items', [...this.value.items, item]);
    },
  },
};

test('a store clones a template at its first use, and answers the same clone afterwards', async () => {
  const { createAtom, createAtomStore, AtomStore } = await loadWith({});
  const template = createAtom(cart);
  const store = createAtomStore();
  assert.ok(store instanceof AtomStore);
  assert.equal(store.has('cart'), false);
  assert.equal(store.get('cart'), undefined);
  assert.deepEqual(store.list(), []);
  const clone = store.use(template);
  assert.equal(store.use(template), clone);
  assert.equal(store.get('cart'), clone);
  assert.equal(store.has('cart'), true);
  assert.equal(template.key, 'cart');
  assert.equal(clone.key, 'cart.clone.1');
  assert.equal(new AtomStore().use(template).key, 'cart.clone.1');
});

test('stores know nothing of each other, and the template nothing of its clones', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const template = createAtom(cart);
  const [a, b] = [createAtomStore(), createAtomStore()];
  a.use(template).push('apple');
  a.use(template).value.note.text = 'changed in place, which nobody should';
  assert.deepEqual(a.use(template).value.items, ['apple']);
  assert.deepEqual(b.use(template).value, cart.default);
  assert.deepEqual(template.value, { items: [], note: { text: '' } });
  assert.deepEqual(template.defaultValue, template.value);
});

test('a template can be read; all else is refused by name', async () => {
  const { createAtom } = await loadWith({});
  const template = createAtom(cart);
  const calls = [
    () => template.update({}),
    () => template.silentUpdate({}),
    () => template.merge({}),
    () => template.change('items', []),
    () => template.reset(),
    () => template.silentReset(),
    () => template.onChange(() => {}),
    () => template.watch('items', () => {}),
    () => template.onReset(() => {}),
    () => template.onDestroy(() => {}),
    () => template.clone(),
    () => template.destroy(),
    () => template.push('x'),
  ];
  for (const call of calls) assert.equal(codeOf(call), 'template_is_read_only', String(call));
  assert.equal(template.get('note.text'), '');
  assert.deepEqual(template.value, cart.default);
});

test('names are unique; what is no template has no clone', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  createAtom(cart);
  assert.equal(
    codeOf(() => createAtom(cart)),
    'duplicate_name',
  );
  createAtom({ ...cart, replace: true });
  assert.equal(
    codeOf(() => createAtomStore().use({ key: 'cart' })),
    'unknown_atom',
  );
  assert.equal(
    codeOf(() => createAtomStore().use(undefined)),
    'unknown_atom',
  );
  assert.equal(
    codeOf(() => createAtom({ key: 'x', default: 0, actions: { update() {} } })),
    'duplicate_name',
  );
});

test('update takes a value or an updater; an identical value tells nobody', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const atom = createAtomStore().use(createAtom({ key: 'n', default: 1 }));
  const heard = [];
  atom.onChange((next, previous, who) => heard.push([next, previous, who === atom]));
  atom.update(2);
  atom.update((previous, who) => (assert.equal(who, atom), previous + 1));
  atom.update(3);
  atom.silentUpdate(4);
  atom.silentUpdate((value) => value + 1);
  assert.equal(atom.value, 5);
  assert.deepEqual(heard, [
    [2, 1, true],
    [3, 2, true],
  ]);
  atom.update(() => null);
  assert.equal(atom.value, null);
});

test('merge and change make new objects along the way, and only there', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const atom = createAtomStore().use(
    createAtom({ key: 'user', default: { name: 'Anon', address: { city: 'A', tags: [{ x: 1 }] }, other: {} } }),
  );
  const before = atom.value;
  atom.merge({ name: 'Ada' });
  assert.equal(atom.value.name, 'Ada');
  assert.equal(atom.value.address, before.address);
  atom.change('address.tags.0.x', 2);
  assert.deepEqual(atom.value.address, { city: 'A', tags: [{ x: 2 }] });
  assert.ok(Array.isArray(atom.value.address.tags));
  assert.equal(atom.value.other, before.other);
  assert.deepEqual(before.address, { city: 'A', tags: [{ x: 1 }] });
  atom.change('made.on.the.way', 1);
  assert.deepEqual(atom.value.made, { on: { the: { way: 1 } } });
});

test('change refuses what is no place of an array, and changes nothing', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const atom = createAtomStore().use(createAtom({ key: 'cart', default: { items: ['a'] } }));
  for (const path of ['items.name', 'items.length', 'items.2', 'items.-1', 'items.01', 'items.', 'items.x.y'])
    assert.equal(
      codeOf(() => atom.change(path, 'lost')),
      'no_member',
      path,
    );
  assert.deepEqual(atom.value, { items: ['a'] });
  atom.change('items.1', 'c');
  atom.change('items.0', 'b');
  assert.deepEqual(atom.value, { items: ['b', 'c'] });
});

test('get looks along a path, at own members only', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const store = createAtomStore();
  const atom = store.use(createAtom({ key: 'a', default: { b: { c: [1, null] }, s: 'text' } }));
  assert.equal(atom.get('b.c.0'), 1);
  assert.equal(atom.get('b.c.1', 'otherwise'), null);
  assert.equal(atom.get('b.c.2', 'otherwise'), 'otherwise');
  assert.equal(atom.get('b.c.0.d.e'), undefined);
  for (const path of ['constructor', '__proto__', 's.toString', 'b.hasOwnProperty']) {
    assert.equal(atom.get(path, 'nothing'), 'nothing', path);
  }
  const own = store.use(
    createAtom({ key: 'own', default: { a: 1 }, get: (path, otherwise, value) => [path, otherwise, value.a] }),
  );
  assert.deepEqual(own.get('x', 'y'), ['x', 'y', 1]);
});

test('watch tells when what stands at a path is another', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const atom = createAtomStore().use(createAtom(cart));
  const heard = [];
  const end = atom.watch('note.text', (next, previous, who) => heard.push([next, previous, who === atom]));
  atom.push('apple');
  atom.change('note.text', 'a');
  atom.change('note.text', 'a');
  atom.update((value) => ({ ...value, note: { text: 'b' } }));
  end();
  atom.change('note.text', 'c');
  assert.deepEqual(heard, [
    ['a', '', true],
    ['b', 'a', true],
  ]);
});

test('beforeUpdate sees and changes each value; one that throws refuses it', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const seen = [];
  const atom = createAtomStore().use(
    createAtom({
      key: 'n',
      default: 1,
      beforeUpdate(next, previous, who) {
        seen.push([next, previous, who.key]);
        if (next < 0) throw new RangeError('negative');
        return Math.min(next, 10);
      },
    }),
  );
  atom.update(99);
  assert.equal(atom.value, 10);
  assert.throws(() => atom.update(-1), RangeError);
  assert.equal(atom.value, 10);
  atom.silentUpdate((value) => value - 5);
  atom.reset(); // excepted
  assert.equal(atom.value, 1);
  assert.deepEqual(seen, [
    [99, 1, 'n.clone.1'],
    [-1, 10, 'n.clone.1'],
    [5, 10, 'n.clone.1'],
  ]);
});

test('reset goes back to the default: onReset is told, then onChange; silentReset tells nobody', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const heard = [];
  const template = createAtom({
    key: 'n',
    default: { n: 1 },
    onChange: (next) => heard.push(['template change', next.n]),
    onReset: () => heard.push(['template reset']),
    onDestroy: () => heard.push(['template destroy']),
  });
  const atom = createAtomStore().use(template);
  atom.onReset((who) => heard.push(['reset', who === atom, who.value.n]));
  atom.onChange((next) => heard.push(['change', next.n]));
  atom.update({ n: 2 });
  atom.reset();
  atom.update({ n: 3 });
  heard.length = 0;
  atom.reset();
  assert.deepEqual(heard, [['template reset'], ['reset', true, 3], ['template change', 1], ['change', 1]]);
  atom.update({ n: 4 });
  heard.length = 0;
  atom.silentReset();
  assert.deepEqual([heard, atom.value], [[], { n: 1 }]);
  atom.value.n = 'changed in place';
  assert.deepEqual(atom.defaultValue, { n: 1 });
  atom.destroy();
  assert.deepEqual(heard, [['template destroy']]);
});

test('a failing listener stops no other', async (t) => {
  const errors = watchErrors(t);
  const { createAtom, createAtomStore } = await loadWith({});
  const atom = createAtomStore().use(createAtom({ key: 'n', default: 1 }));
  const heard = [];
  atom.onChange(() => {
    throw new Error('broken listener');
  });
  const end = atom.onChange((next) => heard.push(next));
  atom.update(2);
  end();
  end();
  atom.update(3);
  assert.deepEqual(heard, [2]);
  assert.equal(errors().length, 2);
});

test('a destroyed clone is gone, says so, and makes room for a new one', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const template = createAtom(cart);
  const store = createAtomStore();
  const clone = store.use(template);
  clone.push('apple');
  const heard = [];
  clone.onDestroy((who) => heard.push(who === clone));
  clone.onChange(() => heard.push('changed'));
  clone.destroy();
  clone.destroy();
  assert.deepEqual(heard, [true]);
  assert.equal(store.has('cart'), false);
  assert.deepEqual(store.list(), []);
  assert.deepEqual(store.snapshot(), {});
  assert.equal(
    codeOf(() => clone.update({})),
    'atom_destroyed',
  );
  assert.equal(
    codeOf(() => clone.onChange(() => {})),
    'atom_destroyed',
  );
  assert.deepEqual(clone.value.items, ['apple']);
  const next = store.use(template);
  assert.deepEqual(next.value.items, []);
  assert.equal(next.key, 'cart.clone.2');
});

test('a clone of a clone lives beside it: in the list, but not found by key', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const store = createAtomStore();
  const one = store.use(createAtom(cart));
  one.push('apple');
  const two = one.clone();
  two.push('pear');
  assert.equal(two.key, 'cart.clone.2');
  assert.deepEqual(one.value.items, ['apple']);
  assert.deepEqual(two.value.items, ['apple', 'pear']);
  assert.deepEqual(store.list(), [one, two]);
  assert.equal(store.get('cart'), one);
  assert.deepEqual(store.snapshot(), { cart: one.value });
  two.reset();
  assert.deepEqual(two.value, cart.default);
  store.destroy();
  assert.equal(
    codeOf(() => two.update({})),
    'atom_destroyed',
  );
});

test('hydrate gives to clones at once and queues for others: the order does not matter', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const heard = [];
  const options = {
    default: 'en',
    beforeUpdate: (next) => next.toLowerCase(),
    onChange: (...news) => heard.push(news),
  };
  const [used, unused] = ['used', 'unused'].map((key) => createAtom({ ...options, key }));
  const store = createAtomStore();
  const clone = store.use(used);
  store.hydrate({ used: 'FR', unused: 'DE', 'no such': 1 });
  assert.equal(clone.value, 'fr');
  assert.equal(store.has('unused'), false);
  assert.equal(store.use(unused).value, 'de');
  assert.equal(store.use(unused).initialValue, 'de');
  assert.equal(clone.initialValue, 'en');
  assert.deepEqual(
    heard.map(([next, previous]) => [next, previous]),
    [
      ['fr', 'en'],
      ['de', 'en'],
    ],
  );
  store.use(unused).destroy();
  assert.equal(store.use(unused).value, 'en'); // a queued value is given once
});

test('a value that beforeUpdate refuses costs no other', async (t) => {
  const errors = watchErrors(t);
  const { createAtom, createAtomStore } = await loadWith({});
  const beforeUpdate = (next) => {
    if (next < 0) throw new RangeError('negative');
    return next;
  };
  const [a, b, c] = ['a', 'b', 'c'].map((key) => createAtom({ key, default: 0, beforeUpdate }));
  const store = createAtomStore();
  [a, b].forEach(store.use);
  store.hydrate({ a: -1, b: 1, c: -1 });
  assert.deepEqual([store.use(a).value, store.use(b).value, store.use(c).value], [0, 1, 0]);
  assert.equal(errors().length, 2);
});

test('a snapshot holds the clones that were used, and goes into another store', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const [a, b, c] = ['a', 'b', '__proto__'].map((key) => createAtom({ key, default: { n: 0 } }));
  const store = createAtomStore();
  store.use(b).update({ n: 2 });
  store.use(c);
  assert.deepEqual(store.list(), [store.get('b'), store.get('__proto__')]);
  const snapshot = store.snapshot();
  assert.deepEqual(Object.entries(snapshot), [
    ['b', { n: 2 }],
    ['__proto__', { n: 0 }],
  ]);
  const other = createAtomStore();
  other.hydrate(snapshot);
  assert.deepEqual([other.use(a).value, other.use(b).value], [{ n: 0 }, { n: 2 }]);
});

test('destroy destroys every clone and forgets what was queued', async () => {
  const { createAtom, createAtomStore } = await loadWith({});
  const [a, b] = ['a', 'b'].map((key) => createAtom({ key, default: 0 }));
  const store = createAtomStore();
  const clone = store.use(a);
  let destroyed = 0;
  clone.onDestroy(() => destroyed++);
  store.hydrate({ b: 1 });
  store.destroy();
  store.destroy();
  assert.equal(destroyed, 1);
  assert.deepEqual(store.list(), []);
  assert.equal(
    codeOf(() => clone.update(1)),
    'atom_destroyed',
  );
  assert.equal(store.use(b).value, 0);
});

test("the tab's store goes on with the transferred values; other stores begin anew", async () => {
  const { createAtom, createAtomStore, getAtomStore } = await loadWith({
    atoms: { cart: { items: ['apple'] }, none: null },
  });
  const template = createAtom(cart);
  const none = createAtom({ key: 'none', default: 'default' });
  const store = getAtomStore();
  assert.equal(store, getAtomStore());
  assert.deepEqual(store.use(template).value, { items: ['apple'] });
  assert.equal(store.use(none).value, null);
  assert.deepEqual(store.use(template).initialValue, { items: ['apple'] });
  assert.deepEqual(createAtomStore().use(template).value, cart.default);
});

test('what was hydrated by hand wins over what was transferred', async () => {
  const { createAtom, getAtomStore } = await loadWith({ atoms: { locale: 'fr' } });
  getAtomStore().hydrate({ locale: 'de' });
  assert.equal(getAtomStore().use(createAtom({ key: 'locale', default: 'en' })).value, 'de');
});

// ---- Kept in a cookie ----

/** A page with that payload and cookie; an atom `n` kept in a JSON cookie of that name, and the tab's store. */
const keep = async (payload, cookie, more) => {
  const loaded = await loadWith(payload);
  if (cookie) document.cookie = cookie;
  const handle = loaded.CookieStore.define('n', { encoding: 'json', fallback: 'of the cookie' });
  const template = loaded.createAtom({ key: 'n', default: [], persist: handle, ...more });
  return { ...loaded, template, handle, store: loaded.getAtomStore() };
};
const written = () => document.cookie;

test('a kept atom begins with what its cookie holds, and every change writes it', async () => {
  const { template, handle, store } = await keep({}, 'n=%5B1%5D');
  const atom = store.use(template);
  assert.deepEqual([atom.value, atom.initialValue, written()], [[1], [1], 'n=%5B1%5D']);
  const heard = [];
  atom.onChange((next) => heard.push([next, handle.get()]));
  atom.update([1, 2]);
  assert.deepEqual([written(), heard], ['n=%5B1%2C2%5D', [[[1, 2], [1, 2]]]]);
  atom.silentUpdate([3]);
  assert.equal(written(), 'n=%5B3%5D');
  atom.reset();
  assert.equal(written(), 'n=%5B%5D');
  atom.update([4]);
  atom.silentReset();
  assert.equal(written(), 'n=%5B%5D');
  assert.equal(heard.length, 3);
});

test('without a cookie, or with one that cannot be read, a kept atom begins with its own default', async () => {
  for (const cookie of [undefined, 'n=no JSON', 'n=%7B']) {
    const { template, store } = await keep({}, cookie);
    assert.deepEqual(store.use(template).value, [], cookie);
    assert.equal(written(), cookie ?? '', 'nothing is written that nobody has changed');
  }
  const { template, store } = await keep({}, 'n=%22of%20the%20cookie%22');
  assert.equal(store.use(template).value, 'of the cookie'); // held, though it equals the fallback
});

test('what was transferred or hydrated wins over the cookie; what was hydrated is kept', async () => {
  const transferred = await keep({ atoms: { n: ['of the page'] } }, 'n=%5B1%5D');
  assert.deepEqual(transferred.store.use(transferred.template).value, ['of the page']);
  assert.equal(written(), 'n=%5B1%5D'); // perhaps another tab's, and newer: only a change writes
  const hydrated = await keep({ atoms: { n: ['of the page'] } }, 'n=%5B1%5D');
  hydrated.store.hydrate({ n: [2] });
  assert.deepEqual(hydrated.store.use(hydrated.template).value, [2]);
  assert.equal(written(), 'n=%5B2%5D');
});

test('a new clone after a destroyed one goes on with the cookie', async () => {
  const { template, store } = await keep({ atoms: { n: ['of the page'] } }, 'n=%5B1%5D');
  store.use(template).update([5]);
  store.use(template).destroy();
  assert.equal(written(), 'n=%5B5%5D');
  assert.deepEqual(store.use(template).value, [5]);
});

test('what the cookie cannot hold changes nothing', async () => {
  const { template, store } = await keep({});
  const atom = store.use(template);
  atom.update([1]);
  const heard = [];
  atom.onChange((next) => heard.push(next));
  for (const [value, code] of [
    [['x'.repeat(5000)], 'cookie_too_long'],
    [[NaN], 'not_finite'],
    [undefined, 'cookie_value'],
  ]) {
    for (const call of ['update', 'silentUpdate']) {
      assert.equal(
        codeOf(() => atom[call](value)),
        code,
      );
    }
  }
  assert.deepEqual([atom.value, heard, written()], [[1], [], 'n=%5B1%5D']);
});

test("beforeUpdate sees what the cookie holds; a refused one leaves the default", async (t) => {
  const errors = watchErrors(t);
  const beforeUpdate = (next) => {
    if (next.length > 1) throw new RangeError('too many');
    return next.map((n) => n * 10);
  };
  const one = await keep({}, 'n=%5B1%5D', { beforeUpdate });
  assert.deepEqual([one.store.use(one.template).value, written()], [[10], 'n=%5B1%5D']);
  const two = await keep({}, 'n=%5B1%2C2%5D', { beforeUpdate });
  assert.deepEqual([two.store.use(two.template).value, written()], [[], 'n=%5B1%2C2%5D']);
  assert.equal(errors().length, 1);
});

test("only the tab's own clone is kept: no other store's, and no clone of a clone", async () => {
  const { template, store, createAtomStore } = await keep({}, 'n=%5B1%5D');
  const other = createAtomStore().use(template);
  assert.deepEqual(other.value, []);
  other.update([2]);
  const twin = store.use(template).clone();
  assert.deepEqual(twin.value, [1]);
  twin.update([3]);
  assert.equal(written(), 'n=%5B1%5D');
});

test('a text cookie keeps a text', async () => {
  const { createAtom, CookieStore, getAtomStore } = await loadWith({});
  document.cookie = 'locale=fr';
  const atom = getAtomStore().use(
    createAtom({ key: 'locale', default: 'en', persist: CookieStore.define('locale', { encoding: 'raw' }) }),
  );
  assert.equal(atom.value, 'fr');
  atom.update('de');
  assert.equal(written(), 'locale=de');
  assert.equal(
    codeOf(() => atom.update('not raw;')),
    'cookie_value',
  );
});
