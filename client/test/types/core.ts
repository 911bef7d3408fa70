// Checked by tsc alone: what the declarations allow, know and refuse.
import { configure, CookieStore, defineContextStore, defineStore, queryResult, SsrStore, stringify } from 'ssrstore';
import { AtomStore, createAtom, createAtomStore, getAtomStore } from 'ssrstore/atoms';

// What `ssrstore types` writes.
declare module 'ssrstore' {
  interface Stores {
    title: string;
    breadcrumb: [text: string, href?: string][];
  }
  interface Queries {
    idea: { args: { id: number }; data: { title: string } };
  }
  interface Atoms {
    cart: string[];
  }
  interface Cookies {
    locale: string;
    order: { items: string[] };
  }
  interface Contexts {
    user: { name: string };
  }
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isSame = <A, B>(_: Same<A, B>) => {};

const title = SsrStore.define('title', () => 'Untitled');
isSame<ReturnType<typeof title.get>, string>(true);
// @ts-expect-error the server says that a title is a string
title.set(5);
// @ts-expect-error ... and its default as well
SsrStore.define('breadcrumb', () => 'none');

SsrStore.define<[string, string?][]>('breadcrumb', () => [], { replace: true });

const count = SsrStore.define('count', () => 0, { replace: true });
const end: () => void = count.subscribe((next, previous) => next - previous);
const value: number = count.use((next) => next.toFixed());
const wide = SsrStore.define<string | null>('wide', () => null);
wide.set('text');
// @ts-expect-error the name is for reading
wide.name = 'x';

const theme = CookieStore.define('theme', { fallback: 'light', sameSite: 'Strict', maxAge: 60 });
isSame<ReturnType<typeof theme.get>, string>(true);
const bare = CookieStore.define('bare');
isSame<ReturnType<typeof bare.get>, string | undefined>(true);
// @ts-expect-error a cookie is removed with delete
bare.set(undefined);
const filter = CookieStore.define('filter', { encoding: 'json', fallback: { tags: ['a'] } });
filter.set({ tags: filter.get().tags.concat('b') });
// @ts-expect-error no such attribute value
CookieStore.define('x', { sameSite: 'lax' });
// @ts-expect-error a JSON cookie says what it is while there is none
CookieStore.define('y', { encoding: 'json' });

// A name that the server knows has the server's type, whichever overload would take another one.
CookieStore.define('order', { encoding: 'json', fallback: { items: [] } }).set({ items: ['apple'] });
// @ts-expect-error the server says what an order is
CookieStore.define('order', { encoding: 'json', fallback: 5 });
// @ts-expect-error ... and that it is no text
CookieStore.define('order', { fallback: 'none' });
// @ts-expect-error ... with a fallback or without
CookieStore.define('order');
isSame<ReturnType<ReturnType<typeof CookieStore.define<'locale'>>['get']>, string | undefined>(true);
// @ts-expect-error a locale is a text
CookieStore.define('locale', { encoding: 'json', fallback: ['en'] });
CookieStore.define<{ a: number } | null>('of the browser', { encoding: 'json', fallback: null }).set({ a: 1 });

const ui = defineStore<{ isOpen: boolean; toggle(): void }>(
  (set, get) => ({
    isOpen: true,
    toggle: () => set((draft) => void (draft.isOpen = !get().isOpen)),
  }),
  { name: 'ui' },
);
isSame<ReturnType<typeof ui.getState>['isOpen'], boolean>(true);
// The types of the seeds' own samples are read off their initializers.
const themes = defineStore((set) => ({
  mode: 'light' as 'light' | 'dark',
  toggle: () =>
    set((d) => {
      d.mode = d.mode === 'light' ? 'dark' : 'light';
    }),
}));
isSame<ReturnType<typeof themes.getState>['mode'], 'light' | 'dark'>(true);
defineStore<{ mode: string }>((set) => {
  // @ts-expect-error a draft of a given type is checked
  set((draft) => void draft.mood);
  return { mode: 'light' };
});
const isOpen: boolean = ui.useStore((state) => state.isOpen);
// @ts-expect-error a state has all its members
ui.setState({ isOpen: false });

const users = defineContextStore('user', (initial) => (set) => ({
  user: initial,
  rename: (name: string) => set((draft) => void (draft.user.name = name)),
}));
users.createInstance({ name: 'Ada' }).getState().rename('Grace');
// @ts-expect-error the server's provider takes a name
users.createInstance({ nickname: 'Ada' });
const typed = defineContextStore<number, { count: number; add(): void }>((start) => (set) => ({
  count: start,
  add: () => set((draft) => void draft.count++),
}));
typed.createInstance(1).getState().add();
const unnamed = defineContextStore((initial: number) => () => ({ initial }));
unnamed.createInstance(5);

const idea = queryResult('idea', { id: 7 });
if (idea.state === 'ready') isSame<typeof idea.data, { title: string }>(true);
if (idea.state === 'failed') idea.error.toUpperCase();
// @ts-expect-error an id is a number
queryResult('idea', { id: '7' });
const other = queryResult<number>('other');
if (other.state === 'ready') other.data.toFixed();

const cartAtom = createAtom({
  key: 'cart',
  default: [],
  actions: {
    push(item: string) {
      this.update([...this.value, item]);
    },
  },
});
const store: AtomStore = createAtomStore();
const cart = store.use(cartAtom);
cart.push('apple');
isSame<typeof cart.value, string[]>(true);
// @ts-expect-error it takes a string
cart.push(5);
const user = getAtomStore().use(createAtom({ key: 'user', default: { name: 'Anon', age: 1 } }));
user.merge({ name: 'Ada' });
user.update((previous) => ({ ...previous, age: previous.age + 1 }));
// @ts-expect-error no such member
user.merge({ nickname: 'Ada' });

// @ts-expect-error the server says that a cart is a list of texts
createAtom({ key: 'cart', default: 5 });
const kept = createAtom({
  key: 'kept',
  default: [1],
  persist: CookieStore.define<number[]>('kept', { encoding: 'json', fallback: [] }),
  actions: {
    push(item: number) {
      this.update([...this.value, item]);
    },
  },
});
isSame<typeof kept.value, number[]>(true);
// @ts-expect-error a cookie of texts keeps no number
createAtom({ key: 'bad', default: 1, persist: CookieStore.define('bad', { fallback: 'a text' }) });
createAtom({ key: 'plain', default: 'text', persist: CookieStore.define('plain') });

configure({ transformer: { deserialize: (value) => value } });
const text: string = stringify([1, 2]);
export { end, isOpen, text, value };
