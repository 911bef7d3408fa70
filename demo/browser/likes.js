// The count goes on with the value that the server showed. It belongs to the tab: it survives the way from one idea to
// the next, and the cookie carries it over a reload.
import { getAtomStore } from '/client/atoms.js';
import { find } from './dom.js';
import { countLike, likes } from './stores.js';

const output = () => find('main .likes output');

// A listener on the document, so that pages which come later need none; React looks after its own.
const isOurs = () => !find('#island ~ script');

export const startLikes = () => {
  getAtomStore().use(likes).onChange(() => isOurs() && showLikes());
  document.addEventListener('click', ({ target }) => {
    if (target instanceof Element && target.closest('main .likes button') && isOurs()) countLike();
  });
};

/** In a page that has been fetched, and was written before the latest click. */
export const showLikes = () => {
  const element = output();
  if (element) element.textContent = String(getAtomStore().use(likes).value);
};
