// From idea to idea without leaving the document: the next page is fetched as the server renders it for anybody, its main
// and footer take the place of ours, and the stores it transfers are set, which the header follows. Whatever is odd
// about a link, a click or an answer, the browser does what links do.
import { find } from './dom.js';
import { showLikes } from './likes.js';
import { $breadcrumb, $description, $notice, $theme, $title } from './stores.js';

const ideas = /^(\/lua)?\/ideas(\/[1-9]\d*)?$/;
const parts = ['nav[aria-label="Site"]', 'main', 'footer'];

let shown = location.pathname;
/** @type {AbortController | undefined} */
let latest;

/** @param {string} path */
const load = async (path) => {
  latest?.abort();
  latest = new AbortController();
  const response = await fetch(path, { signal: latest.signal });
  const next = new DOMParser().parseFromString(await response.text(), 'text/html');
  const payload = find('#__SSRSTORE__', next)?.textContent;
  if (!payload || response.redirected) throw Error('this is not one of our pages');
  return { next, stores: JSON.parse(payload).stores };
};

/** @param {{ next: Document, stores: import('/client/index.js').Stores }} page */
const show = ({ next, stores }) => {
  for (const part of parts) find(part)?.replaceWith(/** @type {Element} */ (find(part, next)));
  $title.set(stores['page.title']);
  $description.set(stores['page.description']);
  $breadcrumb.set(stores.breadcrumb);
  $notice.set(stores.notice);
  $theme.refresh();
  showLikes();
};

/** Where a reader begins: also for those who do not see the page change. */
const focusTop = () => {
  const heading = find('h1');
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
};

/**
 * @param {string} path
 * @param {() => void} arrive
 */
const visit = async (path, arrive) => {
  try {
    const page = await load(path);
    arrive();
    shown = path;
    show(page);
    focusTop();
  } catch (error) {
    if (/** @type {Error} */ (error).name !== 'AbortError') location.assign(path);
  }
};

/** @param {MouseEvent} click */
const linkOf = ({ target, button, metaKey, ctrlKey, shiftKey, altKey, defaultPrevented }) => {
  if (button || metaKey || ctrlKey || shiftKey || altKey || defaultPrevented || !(target instanceof Element)) return;
  const link = target.closest('a');
  const isPlain = link && link.origin === location.origin && !link.search && !link.hash && !link.target;
  return isPlain && ideas.test(link.pathname) && ideas.test(location.pathname) ? link.pathname : undefined;
};

// How far down each page was is kept in its entry of the history: when we come back to it, it has yet to be fetched.
const keepPlace = () => history.replaceState({ top: scrollY }, '');

/** @param {string} path */
const follow = (path) =>
  visit(path, () => {
    history.scrollRestoration = 'manual';
    keepPlace();
    history.pushState(null, '', path);
    scrollTo(0, 0);
  });

const comeBack = async () => {
  const { pathname } = location;
  if (pathname === shown) return; // only the fragment is another
  const top = history.state?.top ?? 0;
  await visit(pathname, () => {});
  scrollTo(0, top);
};

export const startNavigation = () => {
  if (!ideas.test(location.pathname)) return;
  document.addEventListener('click', (click) => {
    const path = linkOf(click);
    if (!path) return;
    click.preventDefault();
    follow(path);
  });
  addEventListener('popstate', comeBack);
  addEventListener('pagehide', keepPlace);
  if (history.scrollRestoration === 'manual') scrollTo(0, history.state?.top ?? 0);
};
