// Checked by tsc alone: what the client knows of names that server.d.ts has. That file is what
// `ssrstore types definitions.json` writes.
import type { Atoms, Contexts, Cookies, Queries, SharedStores, Stores } from 'ssrstore';
import { CookieStore, defineContextStore, queryResult, SsrStore } from 'ssrstore';
import { createAtom, getAtomStore } from 'ssrstore/atoms';
import { defineContextStore as defineReactContext, SsrStore as ReactSsrStore, useAtom } from 'ssrstore/react';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isSame = <A, B>(_: Same<A, B>) => {};

const title = SsrStore.define('title', () => 'Untitled');
isSame<ReturnType<typeof title.get>, string>(true);
// @ts-expect-error a title is a string
title.set(5);
// @ts-expect-error ... from the beginning
SsrStore.define('title', () => 5);
const number: number = SsrStore.define('page.number', () => 1).get();
const breadcrumb = SsrStore.define('breadcrumb', () => []);
isSame<ReturnType<typeof breadcrumb.get>, (string | null)[][]>(true);
isSame<
  Stores['ideas'],
  { done?: boolean; id: number; tags: (string | number)[]; title: string | null }[]
>(true);
isSame<Stores['settings'], { isOpen: boolean; list: unknown[]; more: Record<string, unknown> }>(true);
isSame<Stores['notice'], unknown>(true);
isSame<Stores['author'], { name: string } | null>(true);
const author = SsrStore.define('author', () => null);
author.set({ name: 'Ada' });
isSame<Stores['order'], 'newest' | 'oldest'>(true);
// A name of which only the server's null is known can be told more of here.
const notice: string | null = SsrStore.define<string | null>('notice', () => null).get();
const free: Date = SsrStore.define('of the browser alone', () => new Date()).get();
// Hostile names are names.
isSame<Stores['__proto__'], { '': number; '1': number; __proto__: number; constructor: string }>(true);
isSame<Stores['it\'s "\\ */ </script> \u2028 \u202e //'], boolean>(true);
isSame<
  keyof Stores,
  | 'title'
  | 'page.number'
  | 'breadcrumb'
  | 'ideas'
  | 'settings'
  | 'notice'
  | 'author'
  | 'order'
  | '__proto__'
  | 'it\'s "\\ */ </script> \u2028 \u202e //'
>(true);

isSame<Cookies, { filter: { tags: string[] }; seen: string | undefined; theme: string }>(true);
const filter = CookieStore.define('filter', { encoding: 'json', fallback: { tags: [] } });
isSame<ReturnType<typeof filter.get>, { tags: string[] }>(true);
const theme = CookieStore.define('theme', { fallback: 'light' });
isSame<ReturnType<typeof theme.get>, string>(true);
const seen = CookieStore.define('seen');
isSame<ReturnType<typeof seen.get>, string | undefined>(true);

isSame<keyof Queries, 'idea' | 'other'>(true);
const idea = queryResult('idea', { id: 7 });
if (idea.state === 'ready') isSame<typeof idea.data, { title: string }>(true);
const other = queryResult('other', 'anything');
if (other.state === 'ready') isSame<typeof other.data, unknown>(true);

isSame<Atoms, { cart: string[]; counter: number }>(true);
const cart = getAtomStore().use(createAtom({ key: 'cart', default: [] }));
isSame<typeof cart.value, string[]>(true);
const counter = createAtom({ key: 'counter', default: 0 });

isSame<SharedStores, { motd: { text: string } }>(true);

isSame<Contexts, { panel: unknown; user: { name: string } }>(true);
const users = defineContextStore('user', (initial) => () => ({ user: initial }));
users.createInstance({ name: 'Ada' });
// @ts-expect-error the server's provider takes a name
users.createInstance({ nickname: 'Ada' });
const panels = defineContextStore('panel', (initial: { isOpen: boolean }) => () => ({ ...initial }));
panels.createInstance({ isOpen: true });

// The React entry knows the same.
const { Provider } = defineReactContext('user', (initial) => () => ({ user: initial }));
export const App = () => {
  const text: string = ReactSsrStore.define('title', () => '', { replace: true }).use();
  const [count] = useAtom(counter);
  return (
    <Provider initialData={{ name: text }}>
      {count.toFixed()} {number} {notice} {free.getTime()}
    </Provider>
  );
};
