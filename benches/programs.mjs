// The three programs: how each is told to do a workload, and what it answers.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bare } from './bare.mjs';

const home = process.env.WQ_BENCH_HOME;
const wqBinary = process.env.WQ_BENCH_WQ;
// Nothing takes longer; a program that hangs must not hang everything.
const deadline = 600_000;

// About 300 bytes of data, with the name and the city in it.
export const message = 'Hola {{name}}, tu pedido salió hoy y llega mañana entre las 9:00 y las 13:00. Escribe 1 para confirmar, 2 para cambiar '
  + 'la fecha o 3 para hablar con una persona de la tienda. Gracias por comprar con nosotros.';

// The same data that the peers add.
const data = (n) => ({
  to: `+55119${80_000_000 + n}`,
  text: `Hola Ana, tu pedido ${n} salió hoy y llega mañana entre las 9:00 y las 13:00. Escribe 1 para confirmar, 2 para cambiar la fecha o 3 `
    + 'para hablar con una persona de la tienda.',
  campaign: 'bf26',
  category: 'utility',
  meta: { crm: `twenty:${n}`, city: 'São Paulo' },
});

// Each is a process group of its own, so that what it started ends with it.
const running = new Set();
const end = (child) => {
  // Already gone is as good.
  try { process.kill(-child.pid, 'SIGKILL'); } catch (error) { if (error.code !== 'ESRCH') throw error; }
};
export const endAll = () => running.forEach(end);

const run = (command, words) => new Promise((done, fail) => {
  const child = spawn(command, words.map(String), { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running.add(child);
  const alarm = setTimeout(() => end(child), deadline);
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => { out += text; });
  child.stderr.on('data', (text) => { err += text; });
  child.on('error', fail);
  child.on('close', (code, signal) => {
    clearTimeout(alarm);
    running.delete(child);
    if (code === 0) done(out); else fail(new Error(`${command} ${words.join(' ')}: ended with ${code ?? signal}\n${err}`));
  });
});

// Files that the programs read, made once.
export class Files {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'wq-bench-files-'));
    this.made = new Map();
  }

  async csv(rows) {
    return this.make(`rows-${rows}.csv`, 'phone,name,city\n', rows, (n) => `+55119${80_000_000 + n},Contact ${n},Recife\n`);
  }

  async ndjson(jobs) {
    const line = (n) => `${JSON.stringify({ name: 'send', data: data(n) })}\n`;
    return this.make(`jobs-${jobs}.ndjson`, '', jobs, line);
  }

  async make(name, head, count, line) {
    const path = join(this.folder, name);
    if (!this.made.has(path)) {
      const file = createWriteStream(path);
      file.write(head);
      for (let n = 0; n < count; n += 1) if (!file.write(line(n))) await once(file, 'drain');
      await new Promise((done) => { file.end(done); });
      this.made.set(path, true);
    }
    return path;
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const peer = (command, ...before) => async (workload, given, server) =>
  JSON.parse(await run(command, [...before, workload, JSON.stringify({ port: server.port, ...given })]));

// Runs wq as a whole command: start-up and connecting count, CPU and memory are those of the process.
const command = async (server, files, jobs, words) => {
  const result = join(files.folder, 'timed.json');
  const redisBefore = await server.cpu();
  const out = await run(join(home, 'official/target/release/timed'), [result, wqBinary, '--redis', url(server), '--quiet', '--json', ...words]);
  const redis = (await server.cpu()) - redisBefore;
  const { seconds, cpu_us: client, rss_mib } = JSON.parse(readFileSync(result, 'utf8'));
  return {
    out: out.startsWith('{') ? JSON.parse(out).data : null,
    jobs, seconds, jobs_per_s: jobs / seconds, redis_us: redis / jobs, client_us: client / jobs, rss_mib,
  };
};

// The queue of wq where no other is said; Node's is called bench.
const wqQueue = 'whatsapp';

const url = (server) => `redis://127.0.0.1:${server.port}`;

const expect = (what, wanted, found) => {
  if (wanted !== found) throw new Error(`wq: ${what}: ${found} instead of ${wanted}`);
};

// What `wq bench` measures of itself.
const bench = async (server, only, more) => {
  const rows = JSON.parse(await run(wqBinary, ['--redis', url(server), '--quiet', '--json', 'bench', '--only', only, ...more])).data;
  return rows.map((row) => ({
    ...row,
    redis_us: row.redis_us_per_job,
    client_us: row.client_us_per_job,
    share: row.share_of_ideal,
    most: row.most_in_a_second,
  }));
};

const worker = async (server, files, { jobs, concurrency, keep, queue = wqQueue }) => {
  const words = ['worker', '-Q', queue, '--via', 'log', '--rate', 'none', '--max-jobs', jobs, '--concurrency', concurrency];
  const result = await command(server, files, jobs, [...words, '--keep-completed', keep ? 'all' : 'none']);
  expect('completed', jobs, result.out.completed);
  return result;
};

const csv = async (server, files, { jobs, plain }) => {
  const words = ['bulk', await files.csv(jobs), '--map', 'to=phone', '--text', message];
  const result = await command(server, files, jobs, [...words, ...(plain ? ['--priority', 0, '--no-ledger'] : [])]);
  expect('stored', jobs, result.out.stored);
  return result;
};

const wqWorkloads = (files) => ({
  seed: async ({ jobs, queue = wqQueue }, server) =>
    command(server, files, jobs, ['enqueue', '-Q', queue, '--priority', 0, '--ndjson', await files.ndjson(jobs)]),
  clean: async ({ queue }, server) => command(server, files, 1, ['jobs', 'clean', '-Q', queue, '--state', 'completed', '--yes']),
  add: async ({ jobs, standard }, server) => (await bench(server, 'add', ['--jobs', jobs]))[standard ? 1 : 0],
  one: async ({ jobs }, server) => (await bench(server, 'add-one', ['--jobs', jobs * 5]))[0],
  drain: (given, server) => worker(server, files, given),
  handler: async ({ jobs }, server) => (await bench(server, 'handler', ['--jobs', jobs * 20]))[0],
  pickup: async ({ jobs }, server) => (await bench(server, 'pickup', ['--jobs', jobs]))[0],
  delayed: async ({ jobs }, server) => (await bench(server, 'delayed', ['--jobs', jobs]))[0],
  limiter: async ({ jobs }, server) => (await bench(server, 'limiter', ['--jobs', jobs]))[0],
  csv: (given, server) => csv(server, files, given),
  // The median of twenty starts: a single one says how cold the machine was.
  version: async ({ jobs }, server) => {
    const starts = [];
    for (let start = 0; start < 20; start += 1) starts.push(await command(server, files, jobs, ['--version']));
    return starts.sort((one, other) => one.seconds - other.seconds)[10];
  },
});

export const programs = (files) => {
  const own = wqWorkloads(files);
  const node = peer('node', join(home, 'node/peer.mjs'));
  return {
    node: async (workload, given, server) =>
      node(workload, workload === 'csv' ? { ...given, file: await files.csv(given.jobs), message } : given, server),
    official: peer(join(home, 'official/target/release/official')),
    wq: (workload, given, server) => own[workload](given, server),
    bare,
  };
};
