import {
  AtomStoreProvider,
  CookieStore,
  createAtom,
  defineContextStore,
  defineStore,
  SsrStore,
  stringify,
  useAtom,
  useAtomStore,
  useEffectSsr,
  useHandle,
} from 'ssrstore/react';
import { SsrStore as CoreSsrStore } from 'ssrstore';

const title = SsrStore.define('title', () => 'Untitled');
const core = CoreSsrStore.define('core', () => 1);
const theme = CookieStore.define('theme', { fallback: 'light' });
const ui = defineStore<{ isOpen: boolean }>(() => ({ isOpen: true }));
const { Provider, useStore } = defineContextStore((initial: { name: string }) => (set) => ({
  user: initial,
  setUser: (user: { name: string }) => set((draft) => void (draft.user = user)),
}));
const counter = createAtom({
  key: 'counter',
  default: 0,
  actions: {
    increment(by: number) {
      this.update(this.value + by);
    },
  },
});

const Page = ({ items }: { items: string[] }) => {
  useEffectSsr(() => {
    title.set(items[0]);
    return () => title.set('');
  }, [stringify(items)]);
  const [count, atom] = useAtom(counter);
  const name: string = useStore((state) => state.user.name);
  const isOpen: boolean = ui.useStore((state) => state.isOpen);
  const sum: number = count + useHandle(core);
  useAtomStore().list();
  return (
    <button onClick={() => atom.increment(1)} title={theme.use()} disabled={!isOpen}>
      {title.use()} {name} {sum}
    </button>
  );
};

export const App = () => (
  <AtomStoreProvider initialValues={{ counter: 1 }}>
    <Provider initialData={{ name: 'Ada' }} providerKey="first">
      <Page items={['a']} />
    </Provider>
  </AtomStoreProvider>
);

// @ts-expect-error a provider's data is what its initializer takes
export const Wrong = () => <Provider initialData={{ nickname: 'Ada' }} />;
