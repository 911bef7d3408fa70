// node bench/peers.mjs NAME MILLISECONDS [FILE]: what others do with the same page, or the same value, on Node; prints
// "nanoseconds 0" for one operation as ssrbench does. The page is that of bench/page.c in two passes: what it sets is
// compared with what its header has shown, and the page is rendered again until both agree.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

const [name, milliseconds, file] = process.argv.slice(2)
const require = createRequire(import.meta.url)

const paragraph =
  'A layout renders above its page, but only the page, deep in the tree, often after a query, knows the breadcrumb, ' +
  'the title & the theme. It says "set", the layout says "get", and between the two there is one more pass, in ' +
  'which both agree on what the visitor is going to see.'
const range = (count) => Array.from({ length: count }, (_, i) => i)

// `render(get, set)` gives the HTML of one pass.
const settle = (render) => {
  let committed = { breadcrumb: [], title: 0 }
  for (let passes = 1; ; passes++) {
    const staged = {}
    const html = render((store) => committed[store], (store, value) => (staged[store] = value))
    const differs = Object.keys(staged).some((store) => JSON.stringify(staged[store]) !== JSON.stringify(committed[store]))
    if (!differs) {
      if (passes !== 2) throw new Error(`${passes} passes`)
      return html + `<script type="application/json">${JSON.stringify({ stores: committed }).replace(/</g, '\\u003c')}</script>`
    }
    committed = { ...committed, ...staged }
  }
}

const setHeader = (set) => {
  set('title', 1)
  set('breadcrumb', [['Ideas', '/ideas']])
}

const elements = (h, renderToString) => {
  const Header = ({ get }) => h('header', null, h('h1', null, get('title')),
    h('nav', null, get('breadcrumb').map(([label, href]) => h('a', { key: href, href }, label))))
  const Paragraph = () => h('p', null, paragraph)
  const Item = () => h('li', null, 'An item of the list')
  const Page = ({ get, set }) => {
    const header = h(Header, { get })
    setHeader(set)
    return h('html', { lang: 'en' }, h('head', null, h('title', null, 'Ideas')), h('body', null, header,
      h('main', null, range(12).map((key) => h(Paragraph, { key })), h('ul', null, range(7).map((key) => h(Item, { key }))))))
  }
  return () => settle((get, set) => '<!doctype html>' + renderToString(h(Page, { get, set })))
}

const mustache = () => {
  const Mustache = require('mustache')
  const template =
    '<!doctype html><html lang="en"><head><title>Ideas</title></head><body><header><h1>{{title}}</h1><nav>' +
    '{{#breadcrumb}}<a href="{{href}}">{{label}}</a>{{/breadcrumb}}</nav></header><main>' +
    '{{#paragraphs}}<p>{{.}}</p>{{/paragraphs}}<ul>{{#items}}<li>{{.}}</li>{{/items}}</ul></main></body></html>'
  const paragraphs = range(12).map(() => paragraph)
  const items = range(7).map(() => 'An item of the list')
  Mustache.parse(template)
  return () => settle((get, set) => {
    const breadcrumb = get('breadcrumb').map(([label, href]) => ({ label, href }))
    const html = Mustache.render(template, { title: String(get('title')), breadcrumb, paragraphs, items })
    setHeader(set)
    return html
  })
}

const text = file && readFileSync(file, 'utf8')
const peers = {
  react: () => elements(require('react').createElement, require('react-dom/server').renderToString),
  preact: () => elements(require('preact').h, require('preact-render-to-string').renderToString),
  mustache,
  'parse-stringify': () => () => JSON.stringify(JSON.parse(text)),
  'safe-stable-stringify': () => {
    const stringify = require('safe-stable-stringify')
    const tree = JSON.parse(text)
    return () => stringify(tree)
  },
}

const operation = peers[name]()
let sink = 0

// Nanoseconds on this thread: both clocks say at least that, the one because it goes on while the thread waits for the
// processor, the other because it counts the threads that compile and collect.
const measure = (times) => {
  const start = performance.now()
  const cpu = process.cpuUsage()
  for (let i = 0; i < times; i++) sink += operation().length
  const { user, system } = process.cpuUsage(cpu)
  return Math.min((performance.now() - start) * 1e6, (user + system) * 1e3)
}

let times = 1
while (measure(times) < (milliseconds / 4) * 1e6) times *= 2
times *= 4
for (const end = performance.now() + 500; performance.now() < end; ) measure(1) // until the compiler has had its time
process.stdout.write(`${measure(times) / times} 0\n`)
if (sink === 0) throw new Error('nothing was written')
