// Writes one job of every kind with real BullMQ and prints all keys of the queue as JSON: tests/data/bullmq-6.7.0.json.
//
//   node golden.mjs PORT > ../data/bullmq-6.7.0.json      on an empty server
import { Redis } from 'ioredis';
import { FlowProducer, Queue, UnrecoverableError, Worker } from 'bullmq';

const connection = { host: '127.0.0.1', port: Number(process.argv[2]), maxRetriesPerRequest: null };
const redis = new Redis(connection);
const queue = new Queue('golden', { connection });
// Never a key of the queue's own: BullMQ would write over it.
const id = (jobId) => ({ jobId });

await queue.add('send', { to: '+34600111222', text: 'Hola' }, id('sent'));
await queue.add('send', { refuse: 'no such number' }, { ...id('refused'), attempts: 5, removeOnFail: { age: 3600, count: 10 } });
await queue.add('send', { fail: true }, { ...id('exhausted'), attempts: 2, backoff: { type: 'fixed', delay: 1 } });
const flows = new FlowProducer({ connection });
const member = (name, opts) => ({ name, queueName: 'golden', data: { name }, opts });
const child = (jobId, opts) => member('child', { ...id(jobId), ...opts });
await flows.add({ ...member('parent', id('father')), children: [child('son'), child('daughter', { ignoreDependencyOnFailure: true })] });
const worker = new Worker('golden', async (job) => {
  // No two may end in the same millisecond: the order of their names would decide then.
  await new Promise((done) => { setTimeout(done, 3); });
  await job.log(`attempt ${job.attemptsMade + 1}`);
  await job.updateProgress({ percent: 50 });
  if (job.data.refuse) throw new UnrecoverableError(job.data.refuse);
  if (job.data.fail) throw new Error('not yet\nsecond line');
  return { receipt: 'ä/1', parts: [1, 2.5, null] };
}, { connection, name: 'theirs', autorun: false });
worker.run();
while ((await queue.getCompletedCount()) + (await queue.getFailedCount()) < 6) await new Promise((done) => { setTimeout(done, 20); });
await worker.close();

await queue.add('plain', {});
await queue.add('odd data', { emoji: 'Olá 👋 \u2028 "q" \\ / é', nested: [null, { empty: [], none: null }], big: '9007199254740993', pi: 3.25 }, id('odd-data'));
await queue.add('next', { n: 1 }, { ...id('lifo'), lifo: true });
await queue.add('prioritised', { n: 2 }, { ...id('important'), priority: 5 });
await queue.add('delayed', { n: 3 }, { ...id('later'), delay: 10000, attempts: 3, backoff: { type: 'exponential', delay: 2000, jitter: 0.5 } });
await queue.add('kept', { n: 4 }, { ...id('kept'), removeOnComplete: 100, removeOnFail: true, keepLogs: 3, stackTraceLimit: 2 });
await queue.add('a number', { n: 5 }, { ...id('number-back-off'), attempts: 3, backoff: 1500 });
await queue.add('once', { n: 6 }, { ...id('once'), deduplication: { id: 'order/17', ttl: 3600000 } });
await queue.add('twice', { n: 7 }, { ...id('twice'), deduplication: { id: 'order/17', ttl: 3600000 } });
await flows.add({ ...member('parent', { ...id('mother'), priority: 3 }), children: [child('heir', { failParentOnFailure: true, priority: 7 })] });
// A first run that no machine's clock reaches for years.
await queue.upsertJobScheduler('yearly', { pattern: '0 0 9 1 1 *', tz: 'Europe/Madrid', startDate: 2145916800000, limit: 5 }, {
  name: 'greet', data: { year: 'new' }, opts: { attempts: 2, priority: 1 },
});

const readers = {
  hash: (key) => redis.hgetall(key),
  set: async (key) => (await redis.smembers(key)).sort(),
  list: (key) => redis.lrange(key, 0, -1),
  zset: (key) => redis.zrange(key, 0, -1, 'WITHSCORES'),
  string: (key) => redis.get(key),
};
const keys = {};
for (const key of (await redis.keys('*')).sort()) {
  const type = await redis.type(key);
  if (readers[type]) keys[key] = { type, value: await readers[type](key) };
}
// Traces name this folder; nobody else has it.
process.stdout.write(`${JSON.stringify(keys, null, 1).replaceAll(import.meta.dirname, '/srv/app')}\n`);
process.exit(0);
