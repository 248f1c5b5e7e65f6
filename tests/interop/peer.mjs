// Real BullMQ for the tests: a line of JSON is a call, the line that comes back is its answer.
//
//   node peer.mjs PORT[,PORT…] [bullmq|bullmq5|bullmq4] [PREFIX]      several ports are the nodes of a cluster
//   {"call":"queue","with":{"queue":"q","method":"add","args":["send",{"to":"+34600111222"},{"priority":2}]}}
//   {"value":{"id":"1",…}} or {"error":"…"}
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { Cluster, Redis } from 'ioredis';

const [, , ports, library = 'bullmq', prefix = 'bull'] = process.argv;
const { FlowProducer, Queue, QueueEvents, UnrecoverableError, Worker } = await import(library);
const nodes = ports.split(',').map((port) => ({ host: '127.0.0.1', port: Number(port) }));
const server = { ...nodes[0], maxRetriesPerRequest: null };
const redis = nodes.length > 1 ? new Cluster(nodes, { redisOptions: { maxRetriesPerRequest: null } }) : new Redis(server);
const connection = nodes.length > 1 ? redis : server;
const queues = new Map();
const workers = new Map();
const hands = new Map();
const listeners = new Map();

// A QueueEvents on every queue that is touched, from the first event on: nothing that anybody writes may ever disturb it.
const listenTo = (queue) => {
  if (listeners.has(queue)) return listeners.get(queue);
  const source = new QueueEvents(queue, { connection, prefix, lastEventId: '0' });
  const listener = { source, heard: [], errors: [], last: '0-0' };
  const emit = source.emit.bind(source);
  source.emit = (event, ...args) => {
    if (event === 'error') listener.errors.push(args[0]?.message ?? String(args[0]));
    // The id of an entry in the stream comes last.
    if (/^\d+-\d+$/.test(args.at(-1))) listener.last = args.at(-1);
    if (!event.includes(':') && event !== 'newListener') listener.heard.push([event, args[0] instanceof Error ? args[0].message : args[0]]);
    return emit(event, ...args);
  };
  source.on('error', () => {});
  listeners.set(queue, listener);
  return listener;
};

const queueOf = (name) => {
  if (!queues.has(name)) queues.set(name, new Queue(name, { connection, prefix }));
  listenTo(name);
  return queues.get(name);
};

const jobOf = async (queue, id) => {
  const job = await queueOf(queue).getJob(id);
  if (!job) throw new Error(`no job ${id} in ${queue}`);
  return job;
};

// Jobs are answered as plain fields, everything else as it is.
const plain = (value) => {
  if (Array.isArray(value)) return value.map(plain);
  if (value?.queueQualifiedName === undefined || value.opts === undefined) return value;
  const { id, name, data, opts, returnvalue, failedReason, stacktrace, progress } = value;
  const { attemptsMade, attemptsStarted, stalledCounter, timestamp, processedOn, finishedOn, delay, priority, processedBy } = value;
  return {
    id, name, data, opts, returnvalue, failedReason, stacktrace, progress,
    attemptsMade, attemptsStarted, stalledCounter, timestamp, processedOn, finishedOn, delay, priority, processedBy,
  };
};

const isBefore = (id, other) => {
  const [[ms, count], [otherMs, otherCount]] = [id, other].map((text) => text.split('-').map(Number));
  return ms < otherMs || (ms === otherMs && count < otherCount);
};

const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

// What a job asks for in its data: `refuse` fails for good, `fail` fails so many attempts, `ms` takes so long, `log` writes so
// many lines.
const play = async (job) => {
  for (let line = 1; line <= (job.data.log ?? 0); line += 1) await job.log(`line ${line}`);
  if (job.data.ms) await sleep(job.data.ms);
  if (job.data.refuse) throw new UnrecoverableError(job.data.refuse);
  if (job.attemptsMade < (job.data.fail ?? 0)) throw new Error('not yet');
  return { ok: job.name };
};

const calls = {
  queue: ({ queue, method, args = [] }) => queueOf(queue)[method](...args),
  job: async ({ queue, id, method, args = [] }) => (await jobOf(queue, id))[method](...args),
  // A parent with its children.
  flow: async ({ tree }) => {
    const producer = new FlowProducer({ connection, prefix });
    await producer.add(tree);
    await producer.close();
  },
  // Everything about a job in one answer. The state first: the fields are then never older than what it says.
  look: async ({ queue, id }) => {
    const state = await queueOf(queue).getJobState(id);
    return { ...plain(await jobOf(queue, id)), state, logs: (await queueOf(queue).getJobLogs(id)).logs };
  },
  // Its return value, or the error that waitUntilFinished throws.
  finish: async ({ queue, id }) => {
    await calls.listen({ queue });
    return (await jobOf(queue, id)).waitUntilFinished(listenTo(queue).source, 20_000);
  },
  // A worker that plays; `worked` says what it started, in order.
  work: async ({ queue, options = {} }) => {
    listenTo(queue);
    const starts = [];
    const errors = [];
    const worker = new Worker(queue, (job) => {
      starts.push({ id: job.id, name: job.name, at: Date.now(), due: job.timestamp + (job.opts.delay ?? 0) });
      return play(job);
    }, { connection, prefix, ...options });
    worker.on('error', (error) => errors.push(error.message));
    workers.set(queue, [...(workers.get(queue) ?? []), { worker, starts, errors }]);
    await worker.waitUntilReady();
  },
  worked: ({ queue }) => workers.get(queue).map(({ starts, errors }) => ({ starts, errors })),
  stop: async ({ queue }) => {
    await Promise.all((workers.get(queue) ?? []).map(({ worker }) => worker.close()));
    workers.delete(queue);
  },
  // Resumes and says when, ms of this clock.
  resume: async ({ queue }) => {
    const at = Date.now();
    await queueOf(queue).resume();
    return at;
  },
  // The next moments of cron patterns, each asked for from the one before, as BullMQ asks; or why it can't be read.
  cron: ({ cases }) => cases.map(({ pattern, tz, from, count = 1 }) => {
    const { CronExpressionParser } = createRequire(import.meta.resolve('bullmq'))('cron-parser');
    const moments = [];
    try {
      for (let last = from; moments.length < count; last = moments.at(-1)) {
        moments.push(CronExpressionParser.parse(pattern, { tz, currentDate: new Date(last) }).next().getTime());
      }
      return { moments };
    } catch (error) {
      return { moments, error: error.message };
    }
  }),
  // Takes a job and holds it, to end it by hand: `error` is a message, and the job is tried again unless it is `final`.
  take: async ({ queue }) => {
    if (!hands.has(queue)) hands.set(queue, { worker: new Worker(queue, null, { connection, autorun: false }) });
    const hand = hands.get(queue);
    hand.job = await hand.worker.getNextJob('by-hand');
    return hand.job?.id;
  },
  end: async ({ queue, error, final = false }) => {
    const { job } = hands.get(queue);
    if (error) await job.moveToFailed(final ? new UnrecoverableError(error) : new Error(error), 'by-hand', false);
    else await job.moveToCompleted({ ok: job.name }, 'by-hand', false);
  },
  // Waits until QueueEvents is there; `heard` says what it emitted.
  listen: ({ queue }) => listenTo(queue).source.waitUntilReady().then(() => null),
  heard: ({ queue }) => listenTo(queue).heard,
  // What went wrong with any QueueEvents so far: an error, or a loop that ended and will never hear the newest entry.
  disturbances: async () => {
    const found = [];
    for (const [queue, listener] of listeners) {
      const [[newest] = ['0-0']] = await redis.xrevrange(listener.source.toKey('events'), '+', '-', 'COUNT', 1);
      for (let tries = 0; listener.errors.length === 0 && isBefore(listener.last, newest) && tries < 1000; tries += 1) await sleep(10);
      found.push(...listener.errors.map((error) => `QueueEvents of ${queue}: ${error}`));
      if (isBefore(listener.last, newest)) found.push(`QueueEvents of ${queue} stopped at ${listener.last}, the newest is ${newest}`);
    }
    return found;
  },
};

const answer = async (line) => {
  const { call, with: given } = JSON.parse(line);
  try {
    return { value: plain(await calls[call](given)) ?? null };
  } catch (error) {
    return { error: error.message };
  }
};

// One after the other, so that answers come in the order of the calls.
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
process.exit(0);
