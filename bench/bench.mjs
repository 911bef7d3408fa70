// ./run bench: every measurement in turn, round after round, so that a machine whose speed drifts is fair to all;
// medians with their spread, ratios from the same run, and build/bench.json. Nothing here decides a test.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { performance } from 'node:perf_hooks'

const program = 'build/release/bench/ssrbench'
const rounds = Number(process.argv[2] ?? 9)
const milliseconds = 60

// Values of a known size that look like what pages carry.
const value94 = { label: 'Ideas & more', href: '/ideas', votes: 12, open: true, tags: ['ssr', 'c', 'state'], n: 0.25 }
const item = (i) => ({
  id: i, title: `Idea number ${i}`, summary: 'One more pass, in which layout and page agree — "at last".',
  votes: (i * 7919) % 1000, score: Math.sqrt(i + 2), open: i % 3 === 0, author: null,
})
const valueOfSize = (bytes) => {
  const items = []
  for (let size = 2; size < bytes; size += JSON.stringify(items.at(-1)).length + 1) items.push(item(items.length))
  return items
}
let random = 12345
const nextDouble = () => ((random = (random * 1103515245 + 12345) % 2147483648) / 2147483648) * 10 ** (random % 20 - 10)
const values = {
  '94 B': value94,
  '4 KB': valueOfSize(4096),
  '256 KB': valueOfSize(256 * 1024),
  '1,000 random doubles': Array.from({ length: 1000 }, nextDouble),
}

mkdirSync('build/bench', { recursive: true })
const c = (name, argument, env = {}) => {
  const options = { env: { ...process.env, ...env } }
  const [ns, count] = execFileSync(program, [name, String(argument), String(milliseconds)], options).toString().split(' ')
  return { ns: Number(ns), count: Number(count) }
}
const node = (text) => {
  let sink = 0
  const run = (times) => {
    const start = performance.now()
    for (let i = 0; i < times; i++) sink += JSON.stringify(JSON.parse(text)).length
    return (performance.now() - start) * 1e6
  }
  let times = 1
  while (run(times) < (milliseconds / 8) * 1e6) times *= 2
  times *= 8
  return { ns: run(times) / times, sink }
}

const rows = []
for (const passes of [1, 2, 26]) rows.push({ group: 'page of 4 KB', name: `${passes} pass${passes > 1 ? 'es' : ''}`, run: () => c('page', passes) })
for (const [size, value] of Object.entries(values)) {
  const text = JSON.stringify(value)
  const file = `build/bench/${size.replace(/[^0-9a-z]/gi, '')}.json`
  writeFileSync(file, text)
  const group = `canonical ${size} (${text.length} bytes)`
  for (const name of ['text', 'tree', 'cjson-print', 'cjson-parse-print', 'memcpy', 'xxh3'])
    rows.push({ group, name, run: () => c(name, file) })
  rows.push({ group, name: 'node-parse-stringify', run: () => node(text) })
}

const loaders = 'eight loaders of 20 ms in one pass'
rows.push({ group: loaders, name: 'one after the other', run: () => c('loaders-serial', 8) })
rows.push({ group: loaders, name: 'pool, 8 threads', run: () => c('loaders-pool', 8) })
rows.push({ group: loaders, name: 'libuv, 4 threads', run: () => c('loaders-uv', 8, { UV_THREADPOOL_SIZE: '4' }) })
rows.push({ group: loaders, name: 'libuv, 8 threads', run: () => c('loaders-uv', 8, { UV_THREADPOOL_SIZE: '8' }) })
for (const bytes of [128, 4096]) {
  const group = `2,000 renders in flight, each with ${bytes} bytes of HTML and a query (time: of one render)`
  rows.push({ group, name: 'allocated', counts: 'bytes each', run: () => c('flight-bytes', bytes) })
  rows.push({ group, name: 'peak RSS', counts: 'bytes each', run: () => c('flight-rss', bytes) })
}

for (const row of rows) row.samples = []
for (let round = 0; round < rounds; round++) for (const row of rows) row.samples.push(row.run())
for (const row of rows) {
  const ns = row.samples.map((sample) => sample.ns).sort((a, b) => a - b)
  Object.assign(row, { median: ns[ns.length >> 1], min: ns[0], max: ns.at(-1), count: row.samples[0].count })
}

const find = (group, name) => rows.find((row) => row.group === group && row.name === name)
const format = (ns) => (ns < 1e3 ? `${ns.toFixed(1)} ns` : ns < 1e6 ? `${(ns / 1e3).toFixed(2)} µs` : `${(ns / 1e6).toFixed(2)} ms`)
console.log(`${rounds} interleaved rounds on ${cpus().length} x ${cpus()[0].model.trim()}, Node ${process.version}; medians, [min-max]\n`)
let last
for (const row of rows) {
  if (row.group !== last) console.log((last = row.group))
  const spread = `[${format(row.min)} - ${format(row.max)}]`
  const count = !row.count ? '' : row.counts ? `  ${Math.round(row.count)} ${row.counts}` : `  ${row.count.toFixed(1)} allocations`
  console.log(`  ${row.name.padEnd(24)}${format(row.median).padStart(12)}  ${spread.padEnd(28)}${count}`)
}

const ratios = [
  ['page: 2 passes / 1 pass', find('page of 4 KB', '2 passes').median / find('page of 4 KB', '1 pass').median],
  ['page: 26 passes / 1 pass', find('page of 4 KB', '26 passes').median / find('page of 4 KB', '1 pass').median],
]
for (const group of new Set(rows.map((row) => row.group).filter((name) => name.startsWith('canonical')))) {
  ratios.push([`${group}: cJSON print / ours from tree`, find(group, 'cjson-print').median / find(group, 'tree').median])
  ratios.push([`${group}: cJSON parse+print / ours from text`, find(group, 'cjson-parse-print').median / find(group, 'text').median])
  ratios.push([`${group}: Node parse+stringify / ours from text`, find(group, 'node-parse-stringify').median / find(group, 'text').median])
}
for (const name of ['pool, 8 threads', 'libuv, 4 threads', 'libuv, 8 threads'])
  ratios.push([`eight loaders of 20 ms: ${name} / one after the other`, find(loaders, name).median / find(loaders, 'one after the other').median])
console.log('\nratios of medians (larger: ours is faster; for the page and the loaders: smaller is better)')
for (const [name, ratio] of ratios) console.log(`  ${name.padEnd(72)}${ratio.toFixed(2)}`)
writeFileSync('build/bench.json', JSON.stringify({ rounds, node: process.version, cpu: cpus()[0].model,
  rows: rows.map(({ group, name, median, min, max, count, counts }) =>
    ({ group, name, median, min, max, ...(count && { [counts ? 'bytes' : 'allocations']: count }) })),
  ratios: Object.fromEntries(ratios) }, null, 2) + '\n')
console.log('\nwritten to build/bench.json')
