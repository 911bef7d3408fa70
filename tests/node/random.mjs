// xorshift128 as a function that gives 32 random bits: the same ones in every run.
export function randomBits(seed) {
  let state = BigInt(seed) * 0x9e3779b97f4a7c15n + 1n;
  let a = Number(state & 0xffffffffn), b = Number((state >> 32n) & 0xffffffffn), c = 0x9e3779b9, d = 0x243f6a88;
  return () => {
    const t = a ^ (a << 11);
    [a, b, c] = [b, c, d];
    d = d ^ (d >>> 19) ^ t ^ (t >>> 8);
    return d >>> 0;
  };
}
