// The servers that are measured side by side: the demo, nginx with the same bytes as a file, and libmicrohttpd alone.
// Each answers on 127.0.0.1; ab asks a bounded number of times; what counts is the processor time of the server.
// Servers and ab share one processor, and ab does not preempt (SCHED_BATCH): a server answers whatever is there before
// ab has its turn. Elsewhere, waking ab would be the server's time, and more so the slower it is, as ab then sleeps.
import { execFileSync, spawn } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { cpus } from 'node:os'
import { resolve } from 'node:path'

const requests = 20000
const connections = 16
const folder = resolve('build/bench/http')
const shared = String(cpus().length - 1)

const freePort = () => new Promise((answer) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => answer(port))
  })
})

const started = []
const start = (command, args, options = {}) => {
  const child = spawn('taskset', ['-c', shared, command, ...args], { stdio: ['pipe', 'pipe', 'inherit'], ...options })
  started.push(child)
  return child
}

// The first line that matches.
const firstLine = (child, pattern) => new Promise((answer, refuse) => {
  let text = ''
  child.stdout.on('data', (data) => {
    const match = (text += data).match(pattern)
    if (match) answer(match)
  })
  child.on('exit', () => refuse(new Error(`${child.spawnargs.join(' ')} has ended`)))
})

const isUp = async (url) => {
  for (let i = 0; i < 100; i++) {
    try {
      return await fetch(url)
    } catch {
      await new Promise((wait) => setTimeout(wait, 50))
    }
  }
  throw new Error(`${url} does not answer`)
}

// Nanoseconds that the threads of a process and of its children have run.
const processorTime = (pid) => {
  let sum = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
    for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean))
      sum += processorTime(child)
  }
  return sum
}

const load = ({ child, url }) => {
  const before = processorTime(child.pid)
  const ab = ['-b', '0', 'taskset', '-c', shared, 'ab', '-q', '-k', '-n', requests, '-c', connections, url]
  const report = execFileSync('chrt', ab.map(String)).toString()
  if (!/Complete requests:\s+20000\b/.test(report) || !/Failed requests:\s+0\b/.test(report) || /Non-2xx/.test(report))
    throw new Error(report)
  return { ns: (processorTime(child.pid) - before) / requests }
}

const nginx = async (name, cache) => {
  const port = await freePort()
  const config = `${folder}/${name}.conf`
  writeFileSync(config, `
worker_processes 1;
daemon off;
pid ${folder}/${name}.pid;
error_log ${folder}/${name}.log;
events { worker_connections 256; use epoll; }
http {
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000000; ${cache}
  types { text/html html; }
  client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder};
  scgi_temp_path ${folder};
  server { listen 127.0.0.1:${port} backlog=511; root ${folder}; }
}
`)
  const url = `http://127.0.0.1:${port}/page.html`
  const child = start('nginx', ['-p', folder, '-c', config, '-e', `${folder}/${name}.log`])
  await isUp(url)
  return { name, child, url }
}

// All of them, the page of `path` being what they serve.
export const startServers = async (path) => {
  mkdirSync(folder, { recursive: true })
  const demo = start('build/release/demo/ssrdemo', ['--port', '0', '--log', 'off'])
  const [address] = await firstLine(demo, /http:\/\/127\.0\.0\.1:\d+/)
  const page = await isUp(address + path)
  const bytes = Buffer.from(await page.arrayBuffer())
  writeFileSync(`${folder}/page.html`, bytes)
  const headers = [...page.headers].filter(([name]) => !['content-length', 'date', 'connection', 'keep-alive'].includes(name))
  const constant = start('build/release/bench/ssrconstant', [`${folder}/page.html`, ...headers.flat()])
  const [port] = await firstLine(constant, /\d+/)
  const servers = [
    { name: 'demo', child: demo, url: address + path },
    await nginx('nginx-file', ''),
    await nginx('nginx-file-cached', 'open_file_cache max=100; open_file_cache_valid 60s;'),
    { name: 'constant', child: constant, url: `http://127.0.0.1:${port}/` },
    { name: 'constant-anew', child: constant, url: `http://127.0.0.1:${port}/anew` },
  ]
  for (const { url } of servers)
    if (!Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytes)) throw new Error(`${url} has other bytes`)
  return { bytes: bytes.length, passes: Number(page.headers.get('x-ssr-passes')), servers, load }
}

export const stopServers = () => {
  for (const child of started) child.kill()
}
