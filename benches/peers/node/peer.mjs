// Node BullMQ doing one workload, as its documentation says to: prints one line of JSON with what it took.
//
//   node peer.mjs add '{"port":6379,"jobs":100000,"flight":1}'
//
// Times and CPU are those of the measured stretch alone: neither the start of Node nor connecting is held against it.
import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { Redis } from 'ioredis';
import { Queue, Worker } from 'bullmq';
import { z } from 'zod';

const [workload, text] = process.argv.slice(2);
const given = JSON.parse(text);
const connection = { host: '127.0.0.1', port: given.port, maxRetriesPerRequest: null };
const name = 'bench';
const options = { attempts: 3, backoff: { type: 'exponential', delay: 2000 } };
const chunk = 1000;

const queue = new Queue(name, { connection });
const server = new Redis(connection);
await queue.waitUntilReady();

const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

// The same data that `wq bench` adds.
const data = (n) => ({
  to: `+55119${80_000_000 + (n % 20_000_000)}`,
  text: `Hola Ana, tu pedido ${n} salió hoy y llega mañana entre las 9:00 y las 13:00. Escribe 1 para confirmar, 2 para cambiar la fecha o 3 `
    + 'para hablar con una persona de la tienda.',
  campaign: 'bf26',
  category: 'utility',
  meta: { crm: `twenty:${n}`, city: 'São Paulo' },
});

const serverCpu = async () => {
  const info = await server.info('cpu');
  const seconds = (field) => Number(info.match(new RegExp(`${field}:([0-9.]+)`))[1]);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
};

// Runs the stretch and says what a job of it cost.
const measured = async (jobs, stretch) => {
  const redisBefore = await serverCpu();
  const clientBefore = process.cpuUsage();
  const begun = performance.now();
  const more = await stretch();
  const seconds = (performance.now() - begun) / 1000;
  const client = process.cpuUsage(clientBefore);
  return {
    jobs,
    seconds,
    jobs_per_s: jobs / seconds,
    redis_us: ((await serverCpu()) - redisBefore) / jobs,
    client_us: (client.user + client.system) / jobs,
    ...more,
  };
};

const spread = (samples) => {
  const sorted = samples.toSorted((one, other) => one - other);
  const at = (percent) => sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
  return { p50_ms: at(50), p99_ms: at(99) };
};

const busiest = (starts, window) => Math.max(...starts.map((first) => starts.filter((at) => at >= first && at < first + window).length));

// addBulk with a thousand jobs a call, so many calls under way.
const addMany = async (jobs, flight) => {
  let next = 0;
  const lane = async () => {
    while (next < jobs) {
      const from = next;
      next = Math.min(jobs, from + chunk);
      await queue.addBulk(Array.from({ length: next - from }, (_, at) => ({ name: 'send', data: data(from + at), opts: options })));
    }
  };
  await Promise.all(Array.from({ length: flight }, lane));
};

// A worker that is connected and takes nothing until it runs.
const readyWorker = async (play, more) => {
  const worker = new Worker(name, play, { connection, autorun: false, ...more });
  worker.on('error', (error) => { throw error; });
  await worker.waitUntilReady();
  return worker;
};

// Until so many jobs are stored as completed.
const completed = (worker, jobs) => new Promise((done) => {
  let count = 0;
  worker.on('completed', () => { if (++count === jobs) done(); });
});

const workOff = async (jobs, play, more) => {
  const worker = await readyWorker(play, more);
  const all = completed(worker, jobs);
  const result = await measured(jobs, async () => {
    worker.run();
    await all;
  });
  await worker.close();
  return result;
};

const workloads = {
  seed: async ({ jobs }) => { await addMany(jobs, 4); return { jobs }; },
  add: ({ jobs, flight }) => measured(jobs, () => addMany(jobs, flight)),
  one: ({ jobs }) => measured(jobs, async () => {
    const took = [];
    for (let n = 0; n < jobs; n += 1) {
      const asked = performance.now();
      await queue.add('send', data(n), options);
      took.push(performance.now() - asked);
    }
    return spread(took);
  }),
  drain: ({ jobs, concurrency, keep }) =>
    workOff(jobs, async () => null, { concurrency, ...(keep ? {} : { removeOnComplete: { count: 0 } }) }),
  handler: async ({ jobs, concurrency, ms }) => {
    const begun = performance.now();
    await Promise.all(Array.from({ length: concurrency }, async () => {
      for (let round = 0; round < jobs / concurrency; round += 1) await sleep(ms);
    }));
    const ideal = (performance.now() - begun) / 1000;
    await addMany(jobs, 4);
    const result = await workOff(jobs, () => sleep(ms), { concurrency, removeOnComplete: { count: 0 } });
    return { ...result, share: ideal / result.seconds };
  },
  pickup: async ({ jobs }) => {
    let started;
    const worker = await readyWorker(async () => { started(performance.now()); }, { concurrency: 50, removeOnComplete: { count: 0 } });
    worker.run();
    const took = [];
    for (let n = 0; n <= jobs; n += 1) {
      await sleep(10);
      const start = new Promise((done) => { started = done; });
      const asked = performance.now();
      await queue.add('send', data(n), options);
      // The first one waits for the worker to be idle for the first time.
      if (n > 0) took.push((await start) - asked); else await start;
    }
    await worker.close();
    return { jobs, ...spread(took) };
  },
  delayed: async ({ jobs }) => {
    const due = new Map();
    const late = [];
    const worker = await readyWorker(async (job) => { late.push(performance.now() - due.get(job.data.meta.crm)); }, { concurrency: 50 });
    const all = completed(worker, jobs);
    worker.run();
    for (let n = 0; n < jobs; n += 1) {
      const delay = 1000 + Math.floor((4000 * n) / jobs);
      due.set(`twenty:${n}`, performance.now() + delay);
      await queue.add('send', data(n), { ...options, delay });
    }
    await all;
    await worker.close();
    return { jobs, ...spread(late.map((ms) => Math.max(0, ms))) };
  },
  limiter: async ({ jobs, max, window }) => {
    await addMany(jobs, 4);
    const starts = [];
    const result = await workOff(jobs, async () => { starts.push(performance.now()); }, { concurrency: 50, limiter: { max, duration: window } });
    const span = (starts.at(-1) - starts[0]) / 1000;
    return { ...result, jobs_per_s: (jobs - 1) / span, most: busiest(starts, window) };
  },
  csv: ({ jobs, file, message }) => measured(jobs, async () => {
    const Row = z.object({ phone: z.string().regex(/^\+[1-9]\d{7,14}$/), name: z.string().min(1), city: z.string() });
    let batch = [];
    for await (const record of createReadStream(file).pipe(parse({ columns: true, bom: true }))) {
      const { phone, ...row } = Row.parse(record);
      const filled = message.replace(/\{\{(\w+)\}\}/g, (_, column) => row[column]);
      batch.push({ name: 'send', data: { to: phone, text: filled, meta: row }, opts: options });
      if (batch.length === chunk) { await queue.addBulk(batch); batch = []; }
    }
    if (batch.length > 0) await queue.addBulk(batch);
  }),
};

const result = await workloads[workload](given);
process.stdout.write(`${JSON.stringify({ ...result, rss_mib: process.resourceUsage().maxRSS / 1024 })}\n`);
process.exit(0);
