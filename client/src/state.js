// One piece of state: begun at the first need, changed at once, told to its listeners. What it began with stays known
// as `initial`, because that is what the server rendered and where hydration has to begin.
//
// Listeners are told in the order of subscription. A failing one does not stop the others, one that has unsubscribed is
// not told any more, and news that arise while others are being told wait: everybody hears every change, in order.
import { fail, report } from './util.js';

// Listeners that answer each change with another would freeze the page; React's own limit is of this order.
const LONGEST_ECHO = 100;

export const createListeners = () => {
  const subscriptions = new Set();
  let waiting; // the news to tell, in order; undefined while nobody is being told anything

  const subscribe = (listener) => {
    const subscription = [listener]; // an object of its own, as the same function may subscribe twice
    subscriptions.add(subscription);
    return () => {
      subscriptions.delete(subscription);
    };
  };
  const tellOne = (subscription, news) => {
    try {
      if (subscriptions.has(subscription)) subscription[0](...news);
    } catch (error) {
      report(error);
    }
  };
  const tell = (...news) => {
    if (waiting) return waiting.length > LONGEST_ECHO ? fail('listener_loop', waiting.length) : waiting.push(news);
    waiting = [news];
    for (const each of waiting) [...subscriptions].forEach((subscription) => tellOne(subscription, each));
    waiting = undefined;
  };
  return { subscribe, tell };
};

export const createState = (start) => {
  const { subscribe, tell } = createListeners();
  let first; // {value}, as undefined is a value too
  let current;

  const initial = () => (first ||= { value: start() }).value;
  const get = () => (current ||= { value: initial() }).value;
  /** Listeners are given the value, the previous one, and whatever else is said here. */
  const change = (value, ...more) => {
    const previous = get();
    current = { value };
    if (!Object.is(value, previous)) tell(value, previous, ...more);
  };
  const changeSilently = (value) => {
    current = { value };
  };
  return { initial, get, change, changeSilently, subscribe };
};

/** `use` without a framework: reads, and subscribes for good. */
export const createUse = (get, subscribe) => (onChange) => {
  if (onChange) subscribe(onChange);
  return get();
};
