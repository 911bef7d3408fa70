// defineStore, its drafts, and the core part of defineContextStore.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, loadWith, watchErrors } from './helpers.mjs';

const theme = (set, get) => ({
  mode: 'light',
  deep: { list: [{ n: 1 }, { n: 2 }] },
  toggle: () =>
    set((draft) => {
      draft.mode = draft.mode === 'light' ? 'dark' : 'light';
    }),
  current: () => get().mode,
});

/** Runs one updater on a frozen state: [state after, state before, what was told]. */
const change = async (state, updater) => {
  const { defineStore } = await loadWith({});
  const store = defineStore(() => state);
  const heard = [];
  store.subscribe((...news) => heard.push(news));
  store.setState(updater);
  return [store.getState(), state, heard];
};

const freeze = (value) => {
  Object.values(value).forEach((member) => typeof member === 'object' && member && freeze(member));
  return Object.freeze(value);
};

test('actions and the outside change one state, and everybody hears (next, previous)', async () => {
  const { defineStore } = await loadWith({});
  const store = defineStore(theme);
  const heard = [];
  const end = store.subscribe((next, previous) => heard.push([next.mode, previous.mode]));
  store.getState().toggle();
  assert.equal(store.getState().mode, 'dark');
  assert.equal(store.getState().current(), 'dark');
  store.setState((draft) => void (draft.mode = 'sepia'));
  end();
  end();
  store.getState().toggle();
  assert.deepEqual(heard, [
    ['dark', 'light'],
    ['sepia', 'dark'],
  ]);
  assert.equal(store.useStore().mode, 'light');
  assert.equal(
    store.useStore((state) => state.deep.list.length),
    2,
  );
  assert.equal(store.getInitialState().mode, 'light');
});

test('the initializer runs at the first need, once', async () => {
  const { defineStore } = await loadWith({});
  let runs = 0;
  const store = defineStore(() => ({ runs: ++runs }));
  store.subscribe(() => {});
  assert.equal(runs, 0);
  store.getState();
  store.setState(() => {});
  assert.equal(runs, 1);
});

test('the previous state never changes, and what was not touched is shared with it', async () => {
  const state = freeze({ a: { b: { n: 1 } }, list: [{ n: 1 }, { n: 2 }], same: { x: 1 } });
  const [after, before, heard] = await change(state, (draft) => {
    draft.a.b.n = 2;
    draft.list[1].n = 3;
    draft.list.push({ n: 4 });
  });
  assert.deepEqual(before, { a: { b: { n: 1 } }, list: [{ n: 1 }, { n: 2 }], same: { x: 1 } });
  assert.deepEqual(after, { a: { b: { n: 2 } }, list: [{ n: 1 }, { n: 3 }, { n: 4 }], same: { x: 1 } });
  assert.equal(after.same, before.same);
  assert.equal(after.list[0], before.list[0]);
  assert.notEqual(after.a.b, before.a.b);
  assert.deepEqual(heard, [[after, before]]);
});

for (const [what, updater, expected] of [
  ['deleting', (d) => void delete d.a, { list: [3, 1, 2] }],
  ['sorting', (d) => d.list.sort(), { a: { n: 1 }, list: [1, 2, 3] }],
  ['cutting', (d) => void (d.list.length = 1), { a: { n: 1 }, list: [3] }],
  ['leaving a hole', (d) => void delete d.list[1], { a: { n: 1 }, list: [3, undefined, 2] }],
  ['writing beyond the end', (d) => void (d.list[4] = 4), { a: { n: 1 }, list: [3, 1, 2, undefined, 4] }],
  ['making room', (d) => void (d.list.length = 4), { a: { n: 1 }, list: [3, 1, 2, undefined] }],
  ['splicing', (d) => void d.list.splice(1, 1), { a: { n: 1 }, list: [3, 2] }],
  ['filtering', (d) => void (d.list = d.list.filter((n) => n > 1)), { a: { n: 1 }, list: [3, 2] }],
  ['moving', (d) => void (d.b = d.a), { a: { n: 1 }, b: { n: 1 }, list: [3, 1, 2] }],
  ['counting', (d) => d.a.n++, { a: { n: 2 }, list: [3, 1, 2] }],
  ['answering what was assigned', (d) => (d.a = { n: 5 }), { a: { n: 5 }, list: [3, 1, 2] }],
  ['answering the draft', (d) => Object.assign(d, { a: 1 }), { a: 1, list: [3, 1, 2] }],
  ['renaming', (d) => void ((d.b = d.a), delete d.a), { b: { n: 1 }, list: [3, 1, 2] }],
  ['making an array an object', (d) => void (d.list = {}), { a: { n: 1 }, list: {} }],
  ['adding undefined', (d) => void ((d.b = undefined), delete d.a), { b: undefined, list: [3, 1, 2] }],
]) {
  test(`a draft may be changed by ${what}`, async () => {
    const [after, before, heard] = await change(freeze({ a: { n: 1 }, list: [3, 1, 2] }), updater);
    assert.deepEqual(after, expected);
    assert.deepEqual(before, { a: { n: 1 }, list: [3, 1, 2] });
    assert.equal(heard.length, 1);
  });
}

for (const [what, updater] of [
  ['does nothing', () => {}],
  ['only reads', (d) => void d.list.map((n) => n)],
  ['sets what is there', (d) => void (d.a.n = 1)],
  ['changes and changes back', (d) => void (d.a.n++, d.a.n--)],
  ['sets a fresh equal object', (d) => void (d.a = { n: 1 })],
  ['returns an equal state', (d) => ({ ...d })],
  ['answers a part of the draft', (d) => d.a],
  ['answers what cannot be a state', (d) => d.list.splice(9, 1)],
]) {
  test(`an updater that ${what} tells nobody`, async () => {
    const [after, before, heard] = await change({ a: { n: 1 }, list: [1] }, updater);
    assert.equal(after, before);
    assert.deepEqual(heard, []);
  });
}

test('an empty array and an empty object are different states', async () => {
  const [after, , heard] = await change({ a: [] }, (draft) => void (draft.a = {}));
  assert.deepEqual(after, { a: {} });
  assert.equal(heard.length, 1);
});

test('a returned state, or a state itself, replaces the whole', async () => {
  const [after, before, heard] = await change({ a: 1, b: { n: 1 } }, (draft) => ({ a: 2, b: draft.b }));
  assert.deepEqual(after, { a: 2, b: { n: 1 } });
  assert.equal(after.b, before.b);
  assert.equal(heard.length, 1);
  assert.deepEqual((await change({ a: 1, b: 2 }, () => ({ a: 1 })))[0], { a: 1 });
  assert.deepEqual((await change({ a: 1, b: 2 }, { c: 1 }))[0], { c: 1 });
});

test('a changed draft and a returned state contradict each other', async () => {
  const { defineStore } = await loadWith({});
  const store = defineStore(() => ({ a: 1 }));
  const before = store.getState();
  const updater = (draft) => {
    draft.a = 2;
    return { a: 3 };
  };
  assert.equal(
    codeOf(() => store.setState(updater)),
    'ambiguous_update',
  );
  assert.equal(store.getState(), before);
});

test('a draft that was kept changes nothing afterwards', async () => {
  const { defineStore } = await loadWith({});
  const store = defineStore(() => ({ a: { n: 1 } }));
  let kept;
  store.setState((draft) => {
    kept = draft;
    draft.a.n = 2;
  });
  kept.a.n = 'late';
  assert.deepEqual(store.getState(), { a: { n: 2 } });
});

test('functions, maps and instances are opaque values', async () => {
  class Money {}
  const state = { f: () => 1, map: new Map(), money: new Money(), at: new Date(0) };
  const [after] = await change(state, (draft) => void (draft.n = 1));
  for (const key of Object.keys(state)) assert.equal(after[key], state[key]);
});

test('a member called __proto__ stays a member', async () => {
  const [after] = await change({ byName: JSON.parse('{"__proto__":{"n":1}}') }, (draft) => {
    draft.other = { n: 1 };
  });
  assert.deepEqual(Object.keys(after.byName), ['__proto__']);
  assert.equal({}.n, undefined);
});

test('a set from inside an updater is kept and runs on its result', async () => {
  const { defineStore } = await loadWith({});
  const store = defineStore(() => ({ log: [] }));
  const heard = [];
  store.subscribe((next) => heard.push(next.log.join('')));
  store.setState((draft) => {
    store.setState((inner) => void inner.log.push('b'));
    assert.deepEqual(store.getState().log, []);
    draft.log.push('a');
    store.setState((inner) => {
      store.setState((innermost) => void innermost.log.push('d'));
      inner.log.push('c');
    });
  });
  assert.equal(store.getState().log.join(''), 'abcd');
  assert.deepEqual(heard, ['a', 'ab', 'abc', 'abcd']);
});

test('a set from inside a listener holds at once, and is told in order', async () => {
  const { defineStore } = await loadWith({});
  const store = defineStore(() => ({ n: 0 }));
  const heard = [];
  store.subscribe(({ n }) => n === 1 && store.setState((draft) => void (draft.n = 2)));
  store.subscribe((next, previous) => heard.push([next.n, previous.n]));
  store.setState((draft) => void (draft.n = 1));
  assert.deepEqual(heard, [
    [1, 0],
    [2, 1],
  ]);
});

test('an updater that throws leaves the state, and nothing for a later caller', async () => {
  const { defineStore } = await loadWith({});
  const store = defineStore(() => ({ n: 0 }));
  const broken = () =>
    store.setState((draft) => {
      draft.n = 1;
      store.setState((inner) => void (inner.n = 99));
      throw new Error('broken updater');
    });
  assert.throws(broken, /broken updater/);
  assert.deepEqual(store.getState(), { n: 0 });
  store.setState((draft) => void draft.n++);
  assert.deepEqual(store.getState(), { n: 1 });
});

test('a failing listener stops no other', async (t) => {
  const errors = watchErrors(t);
  const { defineStore } = await loadWith({});
  const store = defineStore(() => ({ n: 0 }));
  const heard = [];
  store.subscribe(() => {
    throw new Error('broken listener');
  });
  store.subscribe(({ n }) => heard.push(n));
  store.setState((draft) => void draft.n++);
  assert.deepEqual(heard, [1]);
  assert.equal(errors().length, 1);
});

test("a named store begins with the server's state, and keeps its actions", async () => {
  const { defineStore } = await loadWith({ shared: { theme: { mode: 'dark', extra: 1 } } });
  const store = defineStore(theme, { name: 'theme' });
  assert.equal(store.getState().mode, 'dark');
  assert.equal(store.getState().extra, 1);
  assert.equal(store.getInitialState().mode, 'dark');
  store.getState().toggle();
  assert.equal(store.getState().mode, 'light');
  assert.equal(
    codeOf(() => defineStore(theme, { name: 'theme' })),
    'duplicate_name',
  );
  assert.equal(defineStore(theme, { name: 'theme', replace: true }).getState().mode, 'dark');
  assert.equal(defineStore(theme).getState().mode, 'light');
  assert.equal(defineStore(theme, { name: 'other' }).getState().mode, 'light');
});

const user = (initial) => (set) => ({
  user: initial,
  rename: (name) => set((draft) => void (draft.user.name = name)),
});

test('each instance of a context store has a state of its own', async () => {
  const { defineContextStore } = await loadWith({});
  const users = defineContextStore(user);
  const [a, b] = [users.createInstance({ name: 'Ada' }), users.createInstance({ name: 'Bob' })];
  a.getState().rename('Alice');
  assert.equal(
    a.useStore((state) => state.user.name),
    'Alice',
  );
  assert.equal(b.getState().user.name, 'Bob');
  assert.equal(users.name, undefined);
  assert.equal(users.createInstance().getState().user, undefined);
});

test("a named one begins with the initial data of the server's provider at its path", async () => {
  const { defineContextStore } = await loadWith({
    contexts: {
      '/user': { name: 'first' },
      '/user~2': { name: 'second' },
      '/page/user:7': { name: 'keyed' },
      '/undefined': 1,
    },
  });
  const users = defineContextStore('user', user);
  const nameAt = (...args) => users.createInstance(...args).getState().user?.name;
  assert.equal(users.name, 'user');
  assert.equal(nameAt(), 'first');
  assert.equal(nameAt(undefined, '/user~2'), 'second');
  assert.equal(nameAt(undefined, '/page/user:7'), 'keyed');
  assert.equal(nameAt({ name: 'given' }), 'given');
  assert.equal(nameAt(undefined, '/elsewhere'), undefined);
  assert.equal(defineContextStore(user).createInstance().getState().user, undefined);
  assert.equal(
    codeOf(() => defineContextStore('user', user)),
    'duplicate_name',
  );
  defineContextStore('user', user, { replace: true });
});
