// Atoms, without a framework: atoms.d.ts is the manual. An entry of its own, so that a page without them does not carry
// them.
export { AtomStore, createAtom, createAtomStore, getAtomStore } from './atom_store.js';
