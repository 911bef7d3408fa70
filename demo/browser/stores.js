// The names that this site shares with its server: demo/stores.c, demo/cookies.c and demo/likes.c define them there, and
// `ssrdemo --types` writes what they hold.
import { createAtom, getAtomStore } from '/client/atoms.js';
import { CookieStore, SsrStore } from '/client/index.js';

export const $title = SsrStore.define('page.title', () => document.title);
export const $description = SsrStore.define('page.description', () => '');
export const $breadcrumb = SsrStore.define('breadcrumb', () => []);
export const $notice = SsrStore.define('notice', () => null);

// As the server sends them.
const kept = { maxAge: 365 * 24 * 60 * 60, secure: location.protocol === 'https:' };

export const $theme = CookieStore.define('theme', { encoding: 'raw', fallback: 'auto', ...kept });
export const $likes = CookieStore.define('likes', { encoding: 'json', fallback: 0, ...kept });

/** Every place of a page that shows the count shows this one; the cookie tells the next request. */
export const likes = createAtom({
  key: 'likes',
  default: 0,
  beforeUpdate: (next) => Math.min(next, 9999),
  onChange: (next) => $likes.set(next),
});

export const countLike = () => getAtomStore().use(likes).update((count) => count + 1);
