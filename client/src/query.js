// The answers that the server's queries had: for the page to go on with instead of asking again.
import { stringify } from './canonical.js';
import { decode, transferred } from './payload.js';

const answers = new Map();

const interpret = (entry) =>
  Object.hasOwn(entry, 'failed')
    ? { state: 'failed', error: entry.failed }
    : { state: 'ready', data: decode(entry.ready) };

/** Ready, failed, or missing when it did not cross. A known one is the same object each time. */
export const queryResult = (name, args) => {
  const key = stringify([name, args]); // without arguments: null, as on the server
  if (!answers.has(key)) {
    const found = transferred('queries', key, interpret);
    if (!found) return { state: 'missing' };
    answers.set(key, found.value);
  }
  return answers.get(key);
};
