// ./run bench [ROUNDS]: every measurement in turn, round after round, so that a machine whose speed drifts is fair to
// all. A ratio is taken round by round, of two neighbours in time; printed are medians with their spread, and which
// targets are missed. All of it goes to build/bench.json. Nothing here decides a test.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { startServers, stopServers } from './http.mjs'

const rounds = Number(process.argv[2] ?? 7)
const milliseconds = 60

// ---- Rows -----------------------------------------------------------------------------------------------------------

const rows = []
const row = (group, name, run, unit = 'ns') => {
  const made = { group, name, run, unit, samples: [] }
  rows.push(made)
  return made
}
const execute = (program, args, env) => {
  const options = { env: { ...process.env, NODE_ENV: 'production', ...env } }
  const [ns, count] = execFileSync(program, args.map(String), options).toString().split(' ')
  return { ns: Number(ns), count: Number(count) }
}
const c = (name, argument, env = {}) => () => execute('build/release/bench/ssrbench', [name, argument, milliseconds], env)
const peer = (name, file) => () => execute('node', ['bench/peers.mjs', name, milliseconds, ...(file ? [file] : [])])

// ---- Ratios ---------------------------------------------------------------------------------------------------------

const spread = (samples) => {
  const sorted = [...samples].sort((a, b) => a - b)
  return { median: sorted[sorted.length >> 1], min: sorted[0], max: sorted.at(-1) }
}
const ratios = []
// wanted: { most } or { least }, or neither.
const ratio = (name, over, under, wanted = {}) =>
  ratios.push({ name, wanted, of: (round) => over.samples[round].ns / under.samples[round].ns })
const count = (name, of, wanted) => ratios.push({ name, wanted, of: (round) => of.samples[round].count })

// Least squares of log(time) over log(size): 1 is "as much as it is".
const exponent = (name, sizes, ofSize) => ratios.push({ name, wanted: { least: 0.9, most: 1.1 }, of: (round) => {
  const points = sizes.map((size, i) => [Math.log(size), Math.log(ofSize[i].samples[round].ns)])
  const mean = (i) => points.reduce((sum, point) => sum + point[i], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  return points.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0) / points.reduce((sum, p) => sum + (p[0] - x) ** 2, 0)
} })

// ---- The page and its components ------------------------------------------------------------------------------------

const plural = (count, word) => `${count.toLocaleString('en')} ${word}${count > 1 ? 'es' : ''}`
const page = {}, bounded = {}
for (const passes of [1, 2, 5, 10, 25, 26]) {
  page[passes] = row('page of 4 KB', plural(passes, 'pass'), c('page', passes))
  if (passes === 10 || passes === 25) continue
  bounded[passes] = row('page of 4 KB, 20 components, the header dirty', plural(passes, 'pass'), c('page-boundaries', passes))
}
const allocating = row('page of 4 KB', '2 passes, no recycler', c('page-allocating', 2))
const logged = row('page of 4 KB', '2 passes, record as JSON', c('page-record-json', 2))
const told = row('page of 4 KB', '2 passes, record as text', c('page-record-text', 2))
const loggedLong = row('page of 4 KB', '26 passes, record as JSON', c('page-record-json', 26))
ratio('page, 2 passes / 1 pass, plain', page[2], page[1])
ratio('page, 2 passes / 1 pass, boundaries', bounded[2], bounded[1], { most: 1.35 })
ratio('page, 5 passes / 1 pass, boundaries', bounded[5], bounded[1])
ratio('page, 26 passes / 1 pass, plain', page[26], page[1])
ratio('page, 26 passes / 1 pass, boundaries', bounded[26], bounded[1])
ratio('page, recording: boundaries / plain, 1 pass', bounded[1], page[1], { most: 1.35 })
ratio('page, 2 passes: record as JSON / no sink', logged, page[2])
ratio('page, 2 passes: record as text / no sink', told, page[2])
ratio('page, 26 passes: record as JSON / no sink', loggedLong, page[26])
ratio('page, no recycler / recycler', allocating, page[2])
count('page, allocations of a warm render, 2 passes', page[2], { most: 0 })
count('page, allocations of a warm render, 2 passes, boundaries', bounded[2], { most: 0 })
count('page, allocations of a warm render, record as JSON', logged, {})
exponent('growth with passes, 1 to 25: exponent', [1, 2, 5, 10, 25], [1, 2, 5, 10, 25].map((passes) => page[passes]))

const lua = {}
for (const [name, kind] of [['lua', 'plain'], ['lua-boundaries', 'boundaries']])
  for (const passes of [1, 2])
    lua[kind + passes] = row('page of 4 KB from Lua templates', `${kind}, ${plural(passes, 'pass')}`, c(name, passes))
ratio('Lua page, 2 passes / 1 pass, plain', lua.plain2, lua.plain1)
ratio('Lua page, 2 passes / 1 pass, boundaries', lua.boundaries2, lua.boundaries1, { most: 1.2 })
ratio('Lua page, recording: boundaries / plain, 1 pass', lua.boundaries1, lua.plain1)

const trees = [10, 100, 1000, 10000]
const tree = {}
for (const [name, kind] of [['components', 'plain'], ['components-boundaries', 'boundaries']])
  for (const passes of [1, 2])
    tree[kind + passes] = row('1,000 nested components, one dirty', `${kind}, ${plural(passes, 'pass')}`, c(name, `1000 ${passes}`))
ratio('1,000 components, one dirty, 2 passes / 1 pass', tree.boundaries2, tree.boundaries1, { most: 1.05 })
ratio('1,000 components, recording: boundaries / plain, 1 pass', tree.boundaries1, tree.plain1, { most: 1.35 })
const treesOfSize = trees.map((size) => row('components, one dirty, 2 passes', size.toLocaleString('en'), c('components-boundaries', `${size} 2`)))
exponent('growth with components, 10 to 10,000: exponent', trees, treesOfSize)

const sizes = [1, 10, 100, 1000, 10000, 100000]
const stores = sizes.map((size) => row('stores read, one set, 2 passes', size.toLocaleString('en'), c('stores', `${size} 2`)))
exponent('growth with stores, 1 to 100,000: exponent', sizes, stores)
exponent('growth with stores, 100 to 100,000: exponent', sizes.slice(2), stores.slice(2))
const dirty = [1, 2].map((passes) => row('a dirty value among 100,000 stores, boundaries', plural(passes, 'pass'), c('stores-boundaries', `100000 ${passes}`)))
ratio('a dirty value among 100,000 stores, 2 passes / 1 pass', dirty[1], dirty[0])

const others = 'the same page on Node, 2 passes'
for (const [name, wanted] of [['react', { least: 20 }], ['preact', { least: 20 }], ['mustache', {}]]) {
  const other = row(others, name, peer(name))
  ratio(`page, 2 passes: ${name} / plain`, other, page[2], wanted)
  ratio(`page, 2 passes: ${name} / boundaries`, other, bounded[2])
}

// ---- Values ---------------------------------------------------------------------------------------------------------

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
  '94 B': { label: 'Ideas & more', href: '/ideas', votes: 12, open: true, tags: ['ssr', 'c', 'state'], n: 0.25 },
  '4 KB': valueOfSize(4096),
  '256 KB': valueOfSize(256 * 1024),
  '1,000 random doubles': Array.from({ length: 1000 }, nextDouble),
}
mkdirSync('build/bench', { recursive: true })
for (const [size, value] of Object.entries(values)) {
  const text = JSON.stringify(value)
  const file = `build/bench/${size.replace(/[^0-9a-z]/gi, '')}.json`
  writeFileSync(file, text)
  const group = `canonical, ${size}`
  const [fromText, fromTree, print, , , xxh3] = ['text', 'tree', 'cjson-print', 'cjson-parse-print', 'memcpy', 'xxh3'].map(
    (name) => row(group, name, c(name, file)))
  const node = row(group, 'node parse + stringify', peer('parse-stringify', file))
  const stable = row(group, 'node safe-stable-stringify', peer('safe-stable-stringify', file))
  ratio(`${group}: cJSON print / from tree`, print, fromTree, { least: 2 })
  ratio(`${group}: Node parse + stringify / from text`, node, fromText, { least: 2 })
  ratio(`${group}: safe-stable-stringify / from tree`, stable, fromTree)
  ratio(`${group}: from tree / XXH3 of its bytes`, fromTree, xxh3)
}

// ---- Waiting --------------------------------------------------------------------------------------------------------

const loaders = 'eight loaders of 20 ms in one pass'
const serial = row(loaders, 'one after the other', c('loaders-serial', 8))
const pool = row(loaders, 'pool, 8 threads', c('loaders-pool', 8))
const uv = [4, 8].map((threads) => row(loaders, `libuv, ${threads} threads`, c('loaders-uv', 8, { UV_THREADPOOL_SIZE: String(threads) })))
ratio('eight loaders: pool, 8 threads / one after the other', pool, serial)
ratio('eight loaders: libuv, 8 threads / one after the other', uv[1], serial)
for (const bytes of [128, 4096])
  for (const [what, name] of [['allocated', 'flight-bytes'], ['peak RSS', 'flight-rss']])
    row(`2,000 renders in flight, each with ${bytes} bytes of HTML and a query`, what, c(name, bytes), 'bytes each')

// ---- HTTP -----------------------------------------------------------------------------------------------------------

const http = await startServers('/override')
const overHttp = `/override over HTTP: ${http.bytes} bytes, ${plural(http.passes, 'pass')}; of the server's processor time`
const [demo, file, cached, constant, anew] = http.servers.map((server) => row(overHttp, server.name, () => http.load(server), 'requests'))
const perCpu = 'requests per server-CPU-second: /override /'
ratio(`${perCpu} nginx file`, file, demo, { least: 1.1 })
ratio(`${perCpu} nginx file, open_file_cache`, cached, demo, { least: 1 })
ratio(`${perCpu} constant handler`, constant, demo, { least: 0.8 })
ratio(`${perCpu} constant handler, its response made anew`, anew, demo)

// ---- The table ------------------------------------------------------------------------------------------------------

try {
  for (let round = 0; round < rounds; round++) for (const { run, samples } of rows) samples.push(run())
} finally {
  stopServers()
}

const time = (ns) => (ns < 1e3 ? `${ns.toFixed(1)} ns` : ns < 1e6 ? `${(ns / 1e3).toFixed(2)} µs` : `${(ns / 1e6).toFixed(2)} ms`)
const notes = {
  ns: (row) => (row.count ? `${row.count.toFixed(1)} allocations` : ''),
  'bytes each': (row) => `${Math.round(row.count)} bytes each`,
  requests: (row) => `${Math.round(1e9 / row.median)} requests/s`,
}
console.log(`${rounds} interleaved rounds on ${cpus().length} x ${cpus()[0].model.trim()}, Node ${process.version}; medians [min - max]`)
const groups = [...new Set(rows.map(({ group }) => group))]
let last
for (const row of rows.sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group))) {
  Object.assign(row, spread(row.samples.map(({ ns }) => ns)), { count: spread(row.samples.map(({ count }) => count ?? 0)).median })
  if (row.group !== last) console.log('\n' + (last = row.group))
  const range = `[${time(row.min)} - ${time(row.max)}]`
  console.log(`  ${row.name.padEnd(28)}${time(row.median).padStart(12)}  ${range.padEnd(26)}  ${notes[row.unit](row)}`.trimEnd())
}

const number = (value) => value.toFixed(Math.abs(value) < 10 ? 2 : 1)
const verdict = ({ median, wanted: { least, most } }) => {
  if (least === undefined && most === undefined) return ''
  const wish = [least !== undefined && `>= ${least}`, most !== undefined && `<= ${most}`].filter(Boolean).join(' and ')
  return median >= (least ?? -Infinity) && median <= (most ?? Infinity) ? `as wanted, ${wish}` : `missed: ${number(median)}, wanted ${wish}`
}
console.log('\nratios, round by round: median [min - max]')
for (const ratio of ratios) {
  Object.assign(ratio, spread(Array.from({ length: rounds }, (_, round) => ratio.of(round))))
  ratio.verdict = verdict(ratio)
  const range = `[${number(ratio.min)} - ${number(ratio.max)}]`
  console.log(`  ${ratio.name.padEnd(66)}${number(ratio.median).padStart(7)}  ${range.padEnd(18)}  ${ratio.verdict}`.trimEnd())
}

writeFileSync('build/bench.json', JSON.stringify({
  rounds, node: process.version, cpu: cpus()[0].model.trim(), cores: cpus().length,
  rows: rows.map(({ group, name, median, min, max, unit, count }) =>
    ({ group, name, nanoseconds: { median, min, max }, ...(unit === 'bytes each' ? { bytes: count } : count ? { allocations: count } : {}) })),
  ratios: ratios.map(({ name, median, min, max, wanted, verdict }) => ({ name, median, min, max, wanted, missed: verdict.startsWith('missed') })),
}, null, 2) + '\n')
console.log('\nwritten to build/bench.json')
