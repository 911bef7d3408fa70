// The header follows its stores, as on the server (demo/layout.c). It touches nothing until one of them changes: what
// the server wrote is right.
import { find, make, must } from './dom.js';
import { $breadcrumb, $description, $notice, $title } from './stores.js';

/** @param {string} title */
const showTitle = (title) => {
  document.title = title;
  must('h1').textContent = title;
};

/** @param {string} description */
const showDescription = (description) => {
  must('.lede').textContent = description;
  find('meta[name="description"]')?.setAttribute('content', description);
};

/** @param {[text: string, href: string | null][]} crumbs */
const showBreadcrumb = (crumbs) =>
  must('.trail ol').replaceChildren(
    ...crumbs.map(([text, href]) =>
      make('li', {}, href ? make('a', { href }, text) : make('span', { 'aria-current': 'page' }, text)),
    ),
  );

/** @param {string | null} notice */
const showNotice = (notice) => {
  find('.masthead .notice:not([role])')?.remove();
  if (notice) must('.lede').after(make('p', { class: 'notice' }, notice));
};

export const startHeader = () => {
  $title.subscribe(showTitle);
  $description.subscribe(showDescription);
  $breadcrumb.subscribe(showBreadcrumb);
  $notice.subscribe(showNotice);
};
