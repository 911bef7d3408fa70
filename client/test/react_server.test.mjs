// The React entry where there is no document: a page rendered to a string.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createElement as h } from 'react';
import { renderToString } from 'react-dom/server';
import {
  AtomStoreProvider,
  CookieStore,
  createAtom,
  createAtomStore,
  defineContextStore,
  defineStore,
  SsrStore,
  useAtom,
  useEffectSsr,
} from 'ssrstore/react';

test('useEffectSsr runs at once, whatever its dependencies, without its cleanup', () => {
  let ran = 0;
  const Page = () => {
    useEffectSsr(() => {
      ran++;
      return () => assert.fail('a cleanup ran');
    }, ['never changes']);
    return ran;
  };
  assert.equal(renderToString(h(Page)), '1');
  assert.equal(renderToString(h(Page)), '2');
});

test('what an effect sets is seen by what renders after it, and above it by the next render', () => {
  const title = SsrStore.define('title', () => 'Untitled');
  const Page = () => {
    useEffectSsr(() => title.set('Ideas'));
    return null;
  };
  const Title = () => h('b', null, title.use());
  const App = () => h('p', null, h(Title), h(Page), h(Title));
  assert.equal(renderToString(h(App)), '<p><b>Untitled</b><b>Ideas</b></p>');
  assert.equal(renderToString(h(App)), '<p><b>Ideas</b><b>Ideas</b></p>');
});

test('all hooks render without a browser', () => {
  const theme = CookieStore.define('theme', { fallback: 'light' });
  const ui = defineStore(() => ({ isOpen: true }));
  const user = defineContextStore((name) => () => ({ name }));
  const counter = createAtom({ key: 'counter', default: 1 });
  const store = createAtomStore();
  const Page = () => `${theme.use()} ${ui.useStore((s) => s.isOpen)} ${user.useStore().name} ${useAtom(counter)[0]}`;
  const App = () => h(AtomStoreProvider, { store }, h(user.Provider, { initialData: 'Ada' }, h(Page)));
  assert.equal(renderToString(h(App)), 'light true Ada 1');
  assert.equal(store.has('counter'), true);
});
