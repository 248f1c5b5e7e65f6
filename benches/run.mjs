// What `scripts/bench` runs once everything is installed: the workloads in turn, several rounds, then the tables.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Files, endAll, programs } from './programs.mjs';
import { Server } from './server.mjs';
import { Results, markdown, tables } from './tables.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    'update-readme': { type: 'boolean', default: false },
  },
});
const { quick } = options;
const rounds = Number(options.rounds ?? (quick ? 1 : 3));
const few = quick ? 0.1 : 1;
const jobs = 100_000 * few;

const all = ['node', 'official', 'wq'];
const both = ['node', 'wq'];

// One line a measurement: its name, for `--only`; the workload and what it is given; who does it; whether a queue is filled before;
// `once`: not in every round.
const plan = [
  ['add', 'add', { jobs, flight: 1 }, all],
  ['add4', 'add', { jobs, flight: 4 }, ['node']],
  ['addStandard', 'add', { jobs, standard: true }, ['wq']],
  ['one', 'one', { jobs: 20_000 * few }, all],
  ['drain50kept', 'drain', { jobs, concurrency: 50, keep: true }, all, { fill: true }],
  ['drain50removed', 'drain', { jobs, concurrency: 50, keep: false }, all, { fill: true }],
  ['drain5kept', 'drain', { jobs, concurrency: 5, keep: true }, all, { fill: true }],
  ['drain5removed', 'drain', { jobs, concurrency: 5, keep: false }, all, { fill: true }],
  ['csv', 'csv', { jobs: jobs * 2 }, both],
  ['csvPlain', 'csv', { jobs: jobs * 2, plain: true }, ['wq']],
  ['handler', 'handler', { jobs: 5_000 * few, concurrency: 50, ms: 20 }, all],
  ['pickup', 'pickup', { jobs: 200 * few }, all],
  ['delayed', 'delayed', { jobs: 200 * few }, all],
  ['limiter', 'limiter', { jobs: 500 * Math.max(few, 0.6), max: 100, window: 1000 }, all],
  ['version', 'version', { jobs: 1 }, ['wq']],
].map(([name, workload, given, who, more = {}]) => ({ name, workload, given, who, ...more }));
// How the cost of a job grows with what waits, with everything in memory alone. The same few jobs by turns from a queue that is kept
// deep, from a short one beside it, and from one on a server that has nothing else: a machine's mood changes faster than a deep queue is
// filled. The short ones are filled before the deep one, so that all jobs have waited and no processor's cache has the ones and not the
// others: what deep and beside differ in is the queue. The empty server's processor has all of it in its caches: what that is worth to
// the format's commands alone, `bare` tells.
const depth = { name: 'depth', waiting: 1_000_000 * few, jobs: 10_000 * few, samples: quick ? 3 : 15, who: ['node', 'wq', 'bare'] };
// The slow ones, whose figures a disk hardly changes: one round of them is enough.
const unhurried = ['handler', 'pickup', 'delayed', 'limiter', 'version'];

const wanted = options.only.split(',').filter(Boolean);
const chosen = ({ name, workload }) => wanted.length === 0 || wanted.includes(name) || wanted.includes(workload);
const unknown = wanted.filter((word) => ![...plan, depth].some(({ name, workload }) => word === name || word === workload));
if (unknown.length > 0) {
  const names = new Set([...plan, depth].map(({ name, workload }) => workload ?? name));
  process.stderr.write(`bench: no workload ${unknown}; there are ${[...names].join(', ')}\n`);
  process.exit(2);
}

const files = new Files();
const doing = programs(files);
const results = new Results();
let [server, deepServer] = [];
const tidy = () => {
  endAll();
  server?.stop();
  deepServer?.stop();
  files.remove();
};
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    tidy();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  });
}

const short = (value, digits) => (value === undefined ? '' : value.toFixed(digits));
const tell = (where, result) => {
  const parts = [
    result.jobs_per_s && `${Math.round(result.jobs_per_s)}/s`,
    result.redis_us && `redis ${short(result.redis_us, 1)} us`,
    result.client_us && `client ${short(result.client_us, 1)} us`,
    result.p50_ms && `p50 ${short(result.p50_ms, 2)} ms, p99 ${short(result.p99_ms, 2)} ms`,
    result.share && `${(result.share * 100).toFixed(1)} %`,
    result.most && `most ${result.most}`,
    result.rss_mib && `${result.rss_mib.toFixed(1)} MiB`,
    result.bytes && `${Math.round(result.bytes)} bytes a job`,
    `load ${loadavg()[0].toFixed(1)}`,
  ];
  process.stderr.write(`bench: ${where}: ${parts.filter(Boolean).join(', ')}\n`);
};

const measure = async (phase, round, { name, workload, given, who, fill }) => {
  for (const program of who) {
    await server.empty();
    const before = await server.memory();
    const bytes = async () => ((await server.memory()) - before) / given.jobs;
    if (fill) {
      await doing[program]('seed', { jobs: given.jobs }, server);
      results.add(phase, program, 'memory', { bytes: await bytes(), load: loadavg()[0] });
    }
    const result = await doing[program](workload, given, server);
    if (workload === 'csv') result.bytes = await bytes();
    results.add(phase, program, name, { ...result, load: loadavg()[0] });
    tell(`${phase}, round ${round}, ${name}, ${program}`, result);
  }
};

const measureDepth = async () => {
  const { waiting, jobs, samples, who } = depth;
  const drain = async (program, name, queue, place) => {
    const result = await doing[program]('drain', { jobs, concurrency: 50, keep: true, queue }, place);
    results.add('memory', program, name, { ...result, load: loadavg()[0] });
    tell(`memory, ${name}, ${program}`, result);
  };
  const seed = (queue, place, count) => doing.wq('seed', { jobs: count, queue }, place);
  const clean = (queue) => doing.wq('clean', { queue }, deepServer);
  const unused = who.flatMap(() => Array.from({ length: samples })).map((_, at) => `beside${at}`);
  const turns = [
    async (program) => {
      await drain(program, 'deep', 'bench', deepServer);
      await clean('bench');
      await seed('bench', deepServer, jobs);
    },
    async (program) => {
      const queue = unused.pop();
      await drain(program, 'beside', queue, deepServer);
      await clean(queue);
    },
    async (program) => {
      await server.empty();
      await seed('bench', server, jobs);
      await drain(program, 'alone', 'bench', server);
    },
  ];
  deepServer = await Server.start(false);
  for (const queue of unused) await seed(queue, deepServer, jobs);
  for (let filled = 0; filled < waiting; filled += waiting / 10) await seed('bench', deepServer, waiting / 10);
  for (let sample = 0; sample < samples; sample += 1) {
    for (const program of who) {
      for (let turn = 0; turn < turns.length; turn += 1) await turns[(sample + turn) % turns.length](program);
    }
  }
  deepServer.stop();
};

const phase = async (name, aof) => {
  server = await Server.start(aof);
  results.version = await server.version();
  for (let round = 1; round <= rounds; round += 1) {
    const due = plan.filter(chosen).filter((each) => !aof || round === 1 || !unhurried.includes(each.name));
    for (const each of due) await measure(name, round, each);
  }
  if (!aof && chosen(depth)) await measureDepth();
  server.stop();
};

try {
  const begun = performance.now();
  await phase('memory', false);
  await phase('aof', true);
  const words = process.argv.slice(2).filter((word) => word !== '--update-readme');
  const about = {
    command: ['scripts/bench', ...words].join(' '),
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0].model.trim()}`,
    node: process.version,
    rounds,
    depth,
    minutes: (performance.now() - begun) / 60_000,
  };
  mkdirSync('target/bench', { recursive: true });
  writeFileSync('target/bench/results.json', `${JSON.stringify({ about, results: results.all }, null, 1)}\n`);
  const text = markdown(tables(results, about), about, results);
  process.stdout.write(text);
  if (options['update-readme']) {
    const readme = readFileSync('README.md', 'utf8');
    const [head, rest] = readme.split('<!-- bench -->\n');
    const tail = rest?.split('<!-- /bench -->')[1];
    if (tail === undefined) throw new Error('README.md has no <!-- bench --> … <!-- /bench -->');
    writeFileSync('README.md', `${head}<!-- bench -->\n${text}<!-- /bench -->${tail}`);
  }
} catch (error) {
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  tidy();
}
process.exit();
