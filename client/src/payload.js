// What the server has transferred (docs/transfer.md): one inert element, read once, at the first need; each value is
// decoded when it is asked for. Whatever is wrong with it, the page starts as if nothing had been transferred.
import { isServer, report } from './util.js';

let payload;
let transformer;

export const configure = (options) => {
  transformer = options.transformer;
};

/** Undoes what the server's `encode` did to one value. */
export const decode = (value) =>
  transformer ? (transformer.deserialize ? transformer.deserialize(value) : transformer.parse(value)) : value;

const parse = (text) => {
  try {
    const parsed = JSON.parse(text);
    if (parsed.v === 1) return parsed;
  } catch {} // reported below
  report('the element #__SSRSTORE__ holds no JSON of version 1; the page starts without it');
  return {};
};

const read = () => {
  if (isServer()) return;
  // The first one only: a second could be something that a visitor wrote.
  const element = document.querySelector('script#__SSRSTORE__[type="application/json"]');
  if (element) return parse(element.textContent);
  // A script that runs early may ask before the parser has come to the element: then the next one looks again.
  if (document.readyState !== 'loading') return {};
};

/**
 * A transferred value, as {value} so that null is one too; undefined when nothing was transferred under that name.
 * Own members only: a store may well be called "constructor", and JSON may well hold a "__proto__".
 */
export const transferred = (section, name, interpret = decode) => {
  const values = (payload ||= read())?.[section];
  if (!values || !Object.hasOwn(values, name)) return;
  try {
    return { value: interpret(values[name]) };
  } catch (error) {
    report(error);
  }
};
