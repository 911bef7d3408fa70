// Changing a state: an updater changes a copy, and the next state takes over from the previous one all that is equal.
// The previous one never changes, and neither does a published one when an updater kept its draft.
import { fail, isContainer } from './util.js';

const memberOf = (container, key) =>
  isContainer(container) && Object.hasOwn(container, key) ? container[key] : undefined;

/** What `after` holds, in containers of `before` where these are equal, in fresh ones elsewhere. */
export const share = (before, after) => {
  if (!isContainer(after)) return after;
  // Spread, so that each item stays in its place whatever holes an updater has left: they become undefined.
  // fromEntries, because an assignment to a member called "__proto__" would change the prototype.
  const members = Object.entries(Array.isArray(after) ? [...after] : after).map(([key, value]) => [
    key,
    share(memberOf(before, key), value),
  ]);
  const isEqual =
    isContainer(before) &&
    Array.isArray(before) === Array.isArray(after) &&
    Object.keys(before).length === members.length &&
    members.every(([key, value]) => Object.hasOwn(before, key) && Object.is(before[key], value));
  if (isEqual) return before;
  return Array.isArray(after) ? members.map(([, value]) => value) : Object.fromEntries(members);
};

export const deepCopy = (value) => share(undefined, value);

const holds = (container, value) =>
  container === value || (isContainer(container) && Object.values(container).some((member) => holds(member, value)));

/**
 * The state after an updater: its draft, or the state that it returned instead. An answer that is part of the draft is
 * none, so that `(draft) => draft.items.sort()` does what it says; so is one that cannot be a state.
 */
export const produce = (state, updater) => {
  const draft = deepCopy(state);
  const answer = updater(draft);
  const next = share(state, draft);
  if (!isContainer(answer) || Array.isArray(answer) !== Array.isArray(state) || holds(draft, answer)) return next;
  if (next !== state) fail('ambiguous_update', 'a changed draft and another state');
  return share(state, answer);
};
