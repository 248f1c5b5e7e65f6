// What no worker with scripts like ours can go below: only the commands that BullMQ's format asks for when jobs are taken and completed, a
// hundred in a script, one script after the other. No limits, no checks of what stands in the keys, no question that a worker may be spared
// (<id>:unsuccessful), nothing sent.
const script = `#!lua flags=allow-oom
local call, base, now = redis.call, ARGV[1], ARGV[2]
local ids = call('RPOP', KEYS[1], 100)
call('LPUSH', KEYS[2], unpack(ids))
local jobs, locks, children, finished = {}, {}, {}, {}
for at = 1, #ids do
  local key = base .. ids[at]
  jobs[at] = call('HMGET', key, 'name', 'data', 'opts', 'timestamp', 'atm', 'attemptsMade', 'defa', 'ats')
  locks[at] = key .. ':lock'
  call('SET', locks[at], 'token', 'PX', 30000, 'GET')
  call('XADD', KEYS[3], '*', 'event', 'active', 'jobId', ids[at], 'prev', 'waiting')
  call('HSET', key, 'processedOn', now, 'ats', '1', 'pb', 'bare')
  children[at] = key .. ':dependencies'
end
if call('EXISTS', unpack(children)) > 0 then error('children are not finished') end
call('DEL', unpack(locks))
call('RPOP', KEYS[2], #ids)
for at = 1, #ids do
  call('HSET', base .. ids[at], 'returnvalue', 'null', 'finishedOn', now, 'atm', '1')
  call('XADD', KEYS[3], '*', 'event', 'completed', 'jobId', ids[at], 'returnvalue', 'null', 'prev', 'active')
  finished[at * 2 - 1], finished[at * 2] = now, ids[at]
end
call('ZADD', KEYS[4], unpack(finished))
call('XTRIM', KEYS[3], 'MAXLEN', '~', 10000)
return jobs`;

export const bare = async (workload, { jobs, queue }, server) => {
  const { client } = server;
  const keys = ['wait', 'active', 'events', 'completed'].map((name) => `bull:${queue}:${name}`);
  const sha = await client.script('LOAD', script);
  const [before, begun] = [await server.cpu(), performance.now()];
  for (let done = 0; done < jobs; done += 100) await client.evalsha(sha, keys.length, ...keys, `bull:${queue}:`, Date.now());
  const seconds = (performance.now() - begun) / 1000;
  return { jobs, seconds, jobs_per_s: jobs / seconds, redis_us: ((await server.cpu()) - before) / jobs };
};
