// Elements that every page of this site has.

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 */
export const find = (selector, within = document) => /** @type {HTMLElement | null} */ (within.querySelector(selector));

/** @param {string} selector */
export const must = (selector) => {
  const element = find(selector);
  if (!element) throw Error(`this page has no ${selector}`);
  return element;
};

/**
 * An element with text inside: never markup.
 *
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {...(string | Node)} children
 */
export const make = (name, attributes, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};
