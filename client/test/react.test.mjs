// The React entry in a browser: hydration without a warning, under StrictMode and while rendering concurrently.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { element, openPage } from './helpers.mjs';

// One page for this file, as react-dom looks for its document once; so each test has names of its own.
const window = openPage(
  element({
    stores: { 'title.a': 'Ideas', 'title.b': 'Ideas', 'title.early': 'Ideas', 'title.lazy': 'Ideas', list: ['a'] },
    atoms: { counter: 5, early: 5, provided: 5 },
    contexts: {
      '/user': { name: 'outer' },
      '/user/user:x': { name: 'inner' },
      '/page/user': { name: 'island' },
      '/quiet': 1,
    },
    shared: { ui: { isOpen: true, width: 3 } },
  }),
);
globalThis.IS_REACT_ACT_ENVIRONMENT = true;
globalThis.navigator ??= window.navigator; // Node has one since version 21

const React = await import('react');
const { createRoot, hydrateRoot } = await import('react-dom/client');
const { renderToString } = await import('react-dom/server');
const core = await import('ssrstore');
const ssr = await import('ssrstore/react');
const { act, createElement: h, StrictMode } = React;

let said = [];
console.error = (...what) => said.push(what.map(String).join(' '));
let unmount = () => {};
afterEach(() => {
  unmount();
  const errors = said;
  said = [];
  assert.deepEqual(errors, []); // each test takes the errors that it expects
});

const begin = (render) => {
  const container = document.body.appendChild(document.createElement('div'));
  const root = render(container);
  unmount = () => act(() => root.unmount());
  return { container, root };
};

const show = async (node) => {
  let page;
  await act(async () => {
    page = begin((container) => createRoot(container));
    page.root.render(h(StrictMode, null, node));
  });
  return page;
};

/** Hydrates the HTML that the server sent; `recovered` gets what React had to repair. */
const hydrate = async (html, node) => {
  const recovered = [];
  let page;
  await act(async () => {
    page = begin((container) => {
      container.innerHTML = html;
      return hydrateRoot(container, h(StrictMode, null, node), {
        onRecoverableError: (error) => recovered.push(error),
      });
    });
  });
  assert.deepEqual(recovered, []);
  return page;
};

test('a page goes on with the transferred value: no warning, and the same elements', async () => {
  const title = ssr.SsrStore.define('title.a', () => 'Untitled');
  const shown = [];
  const Title = () => {
    const value = title.use();
    shown.push(value);
    return h('h1', null, value);
  };
  const { container } = await hydrate('<h1>Ideas</h1>', h(Title));
  const heading = container.firstChild;
  assert.deepEqual([...new Set(shown)], ['Ideas']); // never the default
  await act(async () => title.set('Changed'));
  assert.equal(container.innerHTML, '<h1>Changed</h1>');
  assert.equal(container.firstChild, heading);
});

test('a set before hydration shows after it: React first sees what the server rendered', async () => {
  const title = ssr.SsrStore.define('title.early', () => 'Untitled');
  title.set('mine');
  const shown = [];
  const Title = () => {
    const value = title.use();
    shown.push(value);
    return value;
  };
  const { container } = await hydrate('Ideas', h(Title));
  assert.equal(shown[0], 'Ideas');
  assert.equal(container.textContent, 'mine');
});

test('a set while a lazy part is not hydrated yet does not break its hydration', async () => {
  const title = ssr.SsrStore.define('title.lazy', () => 'Untitled');
  let load;
  const Lazy = React.lazy(() => new Promise((resolve) => (load = () => resolve({ default: Title }))));
  const Title = () => h('b', null, title.use());
  const App = () => h('div', null, h(Title), h(React.Suspense, { fallback: 'loading' }, h(Lazy)));
  const { container } = await hydrate('<div><b>Ideas</b><!--$--><b>Ideas</b><!--/$--></div>', h(App));
  await act(async () => title.set('Changed'));
  assert.equal(container.textContent, 'ChangedIdeas');
  await act(async () => load());
  assert.equal(container.textContent, 'ChangedChanged');
});

test('handles of the core entry are the same state, and stay without hooks', async () => {
  const defined = core.SsrStore.define('title.b', () => 'Untitled');
  assert.throws(() => ssr.SsrStore.define('title.b', () => 'other'), { code: 'duplicate_name' });
  assert.equal(defined.use(), 'Ideas'); // outside of any component
  const hooked = ssr.SsrStore.define('title.b', () => 'other', { replace: true });
  const Both = () => `${ssr.useHandle(defined)} ${hooked.use()}`;
  const { container } = await show(h(Both));
  assert.equal(container.textContent, 'Ideas Ideas');
  await act(async () => defined.set('x'));
  assert.equal(container.textContent, 'x x');
  assert.equal(hooked.get(), 'x');
});

test('onChange is called once per shown change, with the latest function', async () => {
  const store = ssr.SsrStore.define('on change', () => 0);
  const heard = [];
  let latest = 'first';
  const Page = () => {
    const mine = latest;
    return store.use((next, previous) => heard.push([mine, next, previous]));
  };
  const { root } = await show(h(Page));
  await act(async () => store.set(1));
  latest = 'second';
  await act(async () => root.render(h(StrictMode, null, h(Page))));
  await act(async () => store.set(2));
  await act(async () => store.set(2));
  assert.deepEqual(heard, [
    ['first', 1, 0],
    ['second', 2, 1],
  ]);
});

test('components that are gone are not told any more', async () => {
  const store = ssr.SsrStore.define('gone', () => 0);
  let renders = 0;
  const Page = () => (renders++, store.use());
  const { root } = await show(h(Page));
  await act(async () => root.render(null));
  const before = renders;
  await act(async () => store.set(1));
  assert.equal(renders, before);
});

test('readers never disagree, also when a set comes in the middle of a transition', async () => {
  const store = ssr.SsrStore.define('tearing', () => 0);
  const seen = [];
  const Reader = ({ busy }) => {
    const value = store.use();
    const until = performance.now() + (busy ? 5 : 0);
    while (performance.now() < until);
    return value;
  };
  const App = ({ busy }) => {
    React.useEffect(() => void seen.push(document.querySelector('#tearing').textContent));
    return h('p', { id: 'tearing' }, ...[1, 2, 3, 4].map((key) => h(Reader, { key, busy })));
  };
  const { root } = await show(h(App, { busy: false }));
  await act(async () => {
    React.startTransition(() => root.render(h(StrictMode, null, h(App, { busy: true }))));
    await new Promise((resolve) => setTimeout(resolve, 8));
    store.set(1);
  });
  await act(async () => React.startTransition(() => store.set(2)));
  assert.equal(document.querySelector('#tearing').textContent, '2222');
  for (const text of seen) assert.match(text, /^(\d)\1\1\1$/);
});

test('useEffectSsr is an effect with a cleanup; equal but fresh lists fire it once', async () => {
  const breadcrumb = ssr.SsrStore.define('breadcrumb', () => []);
  let fired = 0;
  const Page = ({ items }) => {
    ssr.useEffectSsr(() => {
      fired++;
      breadcrumb.set(items);
      return () => breadcrumb.set([]);
    }, [ssr.stringify(items)]);
    return null;
  };
  const App = ({ items }) => h('div', null, breadcrumb.use().join(' > '), items && h(Page, { items }));
  const page = await show(h(App, { items: ['Ideas', 'One'] }));
  assert.equal(page.container.textContent, 'Ideas > One');
  const before = fired;
  const render = (items) => act(async () => page.root.render(h(StrictMode, null, h(App, { items }))));
  await render(['Ideas', 'One']);
  assert.equal(fired, before);
  await render(['Ideas', 'Two']);
  assert.equal(page.container.textContent, 'Ideas > Two');
  await render(undefined);
  assert.equal(page.container.textContent, '');
});

test('a cookie as a hook', async () => {
  document.cookie = 'theme=light; Path=/';
  const theme = ssr.CookieStore.define('theme', { fallback: 'none' });
  const filter = ssr.CookieStore.define('filter', { encoding: 'json', fallback: { tags: [] } });
  const Page = () => h('p', null, theme.use(), ' ', filter.use().tags.join());
  const { container } = await hydrate('<p>light<!-- --> <!-- --></p>', h(Page));
  await act(async () => theme.set('dark'));
  await act(async () => filter.set({ tags: ['a', 'b'] }));
  assert.equal(container.textContent, 'dark a,b');
  document.cookie = 'theme=sepia; Path=/';
  await act(async () => theme.refresh());
  assert.equal(container.textContent, 'sepia a,b');
  await act(async () => theme.delete());
  assert.equal(container.textContent, 'none a,b');
});

test('a shared store begins with what the server had; selectors say what renders again', async () => {
  const ui = ssr.defineStore(
    (set) => ({
      isOpen: false,
      width: 0,
      toggle: () => set((draft) => void (draft.isOpen = !draft.isOpen)),
      widen: () => set((draft) => void draft.width++),
    }),
    { name: 'ui' },
  );
  let renders = 0;
  const Open = () => {
    renders++;
    return String(ui.useStore((state) => state.isOpen));
  };
  const Fresh = () => ui.useStore((state) => ({ text: ` ${state.width}` })).text; // a new object each time
  const Whole = () => ` ${ui.useStore().width}`;
  ui.getState().toggle(); // before hydration
  const { container } = await hydrate(
    'true<!-- --> 3<!-- --> 3',
    h(() => [h(Open, { key: 1 }), h(Fresh, { key: 2 }), h(Whole, { key: 3 })]),
  );
  assert.equal(container.textContent, 'false 3 3');
  const before = renders;
  await act(async () => ui.getState().widen());
  assert.equal(container.textContent, 'false 4 4');
  assert.equal(renders, before);
  await act(async () => ui.getState().toggle());
  assert.equal(container.textContent, 'true 4 4');
});

test('a selector may change with its component', async () => {
  const store = ssr.defineStore(() => ({ a: 'A', b: 'B' }));
  const Page = ({ name }) => store.useStore((state) => state[name]);
  const { container, root } = await show(h(Page, { name: 'a' }));
  await act(async () => root.render(h(StrictMode, null, h(Page, { name: 'b' }))));
  assert.equal(container.textContent, 'B');
});

const userStore = (initial) => (set) => ({
  user: initial,
  rename: (name) => set((draft) => void (draft.user = { name })),
});

test('providers begin with the data of their paths; the nearest one wins', async () => {
  const user = ssr.defineContextStore('user', userStore);
  const Name = () =>
    h(
      'b',
      null,
      user.useStore((state) => state.user.name),
    );
  const instances = {};
  const Keep = ({ as }) => ((instances[as] = user.useInstance()), null);
  const App = () =>
    h(
      user.Provider,
      null,
      h(Name),
      h(user.Provider, { providerKey: 'x' }, h(Name), h(Keep, { as: 'inner' })),
      h(user.Provider, { initialData: { name: 'given' } }, h(Name)),
      h(user.Provider, { path: '/page/user' }, h(Name)),
    );
  const { container } = await hydrate('<b>outer</b><b>inner</b><b>given</b><b>island</b>', h(App));
  await act(async () => instances.inner.getState().rename('changed'));
  assert.equal(container.textContent, 'outerchangedgivenisland');
});

test("an unnamed provider adds nothing to its children's paths", async () => {
  const quiet = ssr.defineContextStore('quiet', (value) => () => ({ value }));
  const unnamed = ssr.defineContextStore((value) => () => ({ value }));
  const Page = () => `${quiet.useStore().value} ${unnamed.useStore().value}`;
  const { container } = await show(h(unnamed.Provider, { initialData: 2 }, h(quiet.Provider, null, h(Page))));
  assert.equal(container.textContent, '1 2');
});

test('data given to a provider later does not begin it anew', async () => {
  const store = ssr.defineContextStore((value) => () => ({ value }));
  const Page = () => store.useStore().value;
  const { container, root } = await show(h(store.Provider, { initialData: 'a' }, h(Page)));
  await act(async () => root.render(h(StrictMode, null, h(store.Provider, { initialData: 'b' }, h(Page)))));
  assert.equal(container.textContent, 'a');
});

test('reading without a provider is a named error', async () => {
  const lonely = ssr.defineContextStore('lonely', () => () => ({}));
  let caught;
  class Catch extends React.Component {
    state = {};
    static getDerivedStateFromError(error) {
      caught = error;
      return { failed: true };
    }
    render() {
      return this.state.failed ? null : this.props.children;
    }
  }
  await show(
    h(
      Catch,
      null,
      h(() => lonely.useStore()),
    ),
  );
  said = [];
  assert.equal(caught.code, 'no_provider');
  assert.match(caught.message, /lonely/);
});

const counter = (key) =>
  ssr.createAtom({
    key,
    default: 0,
    actions: {
      increment() {
        this.update((value) => value + 1);
      },
    },
  });

test("an atom goes on in the tab's store, and its actions render its readers again", async () => {
  const template = counter('counter');
  const Counter = () => {
    const [count, atom] = ssr.useAtom(template);
    return h('button', { onClick: atom.increment }, count);
  };
  const { container } = await hydrate('<button>5</button>', h(Counter));
  await act(async () => container.firstChild.click());
  assert.equal(container.textContent, '6');
  assert.equal(ssr.getAtomStore().use(template).value, 6);
});

test('an atom changed before hydration shows after it', async () => {
  const template = counter('early');
  ssr.getAtomStore().use(template).increment();
  const { container } = await hydrate(
    '5',
    h(() => ssr.useAtom(template)[0]),
  );
  assert.equal(container.textContent, '6');
});

test('readers of a clone that was destroyed go on with the next one', async () => {
  const template = counter('destroyed');
  const store = ssr.createAtomStore();
  let atom;
  const Counter = () => {
    let count;
    [count, atom] = ssr.useAtom(template);
    return count;
  };
  const { container } = await show(h(ssr.AtomStoreProvider, { store }, h(Counter)));
  await act(async () => atom.update(5));
  assert.equal(container.textContent, '5');
  await act(async () => store.destroy());
  assert.equal(container.textContent, '0');
  await act(async () => atom.increment());
  assert.equal(container.textContent, '1');
  await act(async () => store.use(template).update(7));
  assert.equal(container.textContent, '7');
});

test('a clone that is destroyed before its reader can listen is no error', async () => {
  const template = counter('short-lived');
  let isFirst = true;
  const Counter = () => {
    const [count, atom] = ssr.useAtom(template);
    React.useLayoutEffect(() => {
      if (isFirst) atom.destroy();
      isFirst = false;
    });
    return count;
  };
  const { container } = await show(h(Counter));
  await act(async () => ssr.getAtomStore().use(template).update(3));
  assert.equal(container.textContent, '3');
});

test('a provider gives its children a store: its own, with values, or the one given', async () => {
  const template = counter('provided');
  const Count = () => ` ${ssr.useAtom(template)[0]}`;
  const given = ssr.createAtomStore();
  given.hydrate({ provided: 9 });
  const App = () => [
    h(Count, { key: 1 }),
    h(ssr.AtomStoreProvider, { key: 2, initialValues: { provided: 7 } }, h(Count)),
    h(ssr.AtomStoreProvider, { key: 3, store: given }, h(Count)),
    h(ssr.AtomStoreProvider, { key: 4 }, h(Count)),
  ];
  const { container } = await hydrate(' 5<!-- --> 7<!-- --> 9<!-- --> 5', h(App));
  assert.equal(container.textContent, ' 5 7 9 5');
  await act(async () => given.use(template).increment());
  assert.equal(container.textContent, ' 5 7 10 5');
});

test('what this entry renders to a string hydrates without a warning', async () => {
  const title = ssr.SsrStore.define('round trip', () => 'Untitled');
  const App = () => h('main', null, h('h1', null, title.use()));
  const { container } = await hydrate(renderToString(h(App)), h(App));
  assert.equal(container.innerHTML, '<main><h1>Untitled</h1></main>');
});

test('the React entry has all of the core entry and of atoms', async () => {
  const atoms = await import('ssrstore/atoms');
  for (const name of [...Object.keys(core), ...Object.keys(atoms)]) {
    assert.ok(name in ssr, name);
  }
});
