// Medians, ratios, goals, and the Markdown of them.
import { statSync } from 'node:fs';

// Every result of every round: by phase, program and measurement.
export class Results {
  all = {};

  add(phase, program, name, result) {
    (((this.all[phase] ??= {})[program] ??= {})[name] ??= []).push(result);
  }

  // The median over the rounds; undefined when it was not measured.
  median(phase, program, name, field) {
    const values = (this.all[phase]?.[program]?.[name] ?? []).map((result) => result[field]).filter(Number.isFinite);
    const sorted = values.sort((one, other) => one - other);
    if (sorted.length === 0) return undefined;
    const middle = Math.floor(sorted.length / 2);
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  // The least and the most that the machine was loaded with.
  load() {
    const loads = Object.values(this.all).flatMap((phase) => Object.values(phase)).flatMap((program) => Object.values(program)).flat()
      .map((result) => result.load);
    return [Math.min(...loads), Math.max(...loads)];
  }
}

const speed = { field: 'jobs_per_s', shown: (value) => Math.round(value).toLocaleString('en') };
const us = (field) => ({ field, shown: (value) => value.toFixed(1) });
const ms = (field) => ({ field, shown: (value) => value.toFixed(2) });
const share = { field: 'share', shown: (value) => `${(value * 100).toFixed(1)} %` };
const count = (field) => ({ field, shown: (value) => Math.round(value).toLocaleString('en') });
const mib = { field: 'rss_mib', shown: (value) => value.toFixed(1) };

// Goals: of the ratio to Node, or of our own figure. Those in µs and ms that were set beside a figure of Node's are ratios too: another
// machine is slower for both.
const times = (least) => ({ text: `≥ ${least}x`, met: (_, ratio) => ratio >= least });
const beside = (own, node) => ({ text: `≤ ${(own / node).toFixed(2)}x (${own} : ${node})`, met: (_, ratio) => ratio <= own / node });
const least = (bound, text = String(bound)) => ({ text: `≥ ${text}`, met: (own) => own >= bound });
const most = (bound) => ({ text: `≤ ${bound}`, met: (own) => own <= bound });

// One line a figure: what it is, how it is shown, the measurement of each program (one name stands for all), the goal.
const goals = [
  ['Bulk add, jobs/s', speed, { all: 'add' }, times(5)],
  ['… beside four of Node\'s calls in flight', speed, { node: 'add4', wq: 'add' }, times(3)],
  ['… Redis CPU, µs a job', us('redis_us'), { all: 'add' }, beside(5.3, 13.4)],
  ['… client CPU, µs a job', us('client_us'), { all: 'add' }, beside(2, 18)],
  ['Bulk add with priority and ledger, jobs/s', speed, { node: 'add', wq: 'addStandard' }, times(3.3)],
  ['… Redis CPU, µs a job', us('redis_us'), { node: 'add', wq: 'addStandard' }, beside(8.2, 13.4)],
  ['Add one by one, each awaited, jobs/s', speed, { all: 'one' }],
  ['Drain, 50 at a time, kept, jobs/s', speed, { all: 'drain50kept' }, times(2.8)],
  ['… Redis CPU, µs a job', us('redis_us'), { all: 'drain50kept' }, beside(11.5, 29.8)],
  ['… client CPU, µs a job', us('client_us'), { all: 'drain50kept' }, beside(3, 25)],
  ['Drain, 50 at a time, removed, jobs/s', speed, { all: 'drain50removed' }, times(3)],
  ['… Redis CPU, µs a job', us('redis_us'), { all: 'drain50removed' }, beside(11.5, 29.8)],
  ['Drain, 5 at a time, kept, jobs/s', speed, { all: 'drain5kept' }, times(2.5)],
  ['Drain, 5 at a time, removed, jobs/s', speed, { all: 'drain5removed' }, times(2.5)],
  ['Send of 20 ms, 50 at a time, of the same sleep without a queue', share, { all: 'handler' }, least(0.98, '98 %')],
  ['Pick-up from idle, median, ms', ms('p50_ms'), { all: 'pickup' }, beside(0.12, 0.21)],
  ['… 99th percentile, ms', ms('p99_ms'), { all: 'pickup' }, beside(0.5, 1.15)],
  ['Lateness of delayed jobs, median, ms', ms('p50_ms'), { all: 'delayed' }, most(2)],
  ['… 99th percentile, ms', ms('p99_ms'), { all: 'delayed' }, most(5)],
  ['Limit of 100 a second: most starts in any second', count('most'), { all: 'limiter' }, most(100)],
  ['… real rate, starts/s', { field: 'jobs_per_s', shown: (value) => value.toFixed(1) }, { all: 'limiter' }, least(98)],
  ['Contact file with priority and ledger, rows/s', speed, { node: 'csv', wq: 'csv' }, times(3.3)],
  ['… without either, rows/s', speed, { node: 'csv', wq: 'csvPlain' }, times(4.5)],
  ['… peak memory, MiB', mib, { node: 'csv', wq: 'csv' }, most(25)],
  ['Redis memory, bytes a waiting job', count('bytes'), { all: 'memory' }, most(600)],
  ['… with priority and ledger', count('bytes'), { wq: 'csv' }, most(700)],
  ['Worker, 50 at a time: peak memory, MiB', mib, { all: 'drain50kept' }, most(15)],
];

const onDisk = [
  ['Bulk add, jobs/s', speed, { all: 'add' }],
  ['… beside four of Node\'s calls in flight', speed, { node: 'add4', wq: 'add' }],
  ['… Redis CPU, µs a job', us('redis_us'), { all: 'add' }],
  ['Bulk add with priority and ledger, jobs/s', speed, { node: 'add', wq: 'addStandard' }],
  ['Add one by one, each awaited, jobs/s', speed, { all: 'one' }],
  ['Drain, 50 at a time, kept, jobs/s', speed, { all: 'drain50kept' }],
  ['… Redis CPU, µs a job', us('redis_us'), { all: 'drain50kept' }],
  ['Drain, 50 at a time, removed, jobs/s', speed, { all: 'drain50removed' }],
  ['Drain, 5 at a time, kept, jobs/s', speed, { all: 'drain5kept' }],
  ['Drain, 5 at a time, removed, jobs/s', speed, { all: 'drain5removed' }],
  ['Send of 20 ms, 50 at a time, of the same sleep without a queue', share, { all: 'handler' }],
  ['Pick-up from idle, median, ms', ms('p50_ms'), { all: 'pickup' }],
  ['… 99th percentile, ms', ms('p99_ms'), { all: 'pickup' }],
  ['Lateness of delayed jobs, median, ms', ms('p50_ms'), { all: 'delayed' }],
  ['Limit of 100 a second: most starts in any second', count('most'), { all: 'limiter' }],
  ['Contact file with priority and ledger, rows/s', speed, { node: 'csv', wq: 'csv' }],
  ['… without either, rows/s', speed, { node: 'csv', wq: 'csvPlain' }],
];

const row = (results, phase, [title, { field, shown }, names, goal]) => {
  const value = (program) => {
    const name = names.all ?? names[program];
    return name && results.median(phase, program, name, field);
  };
  const [node, official, wq] = ['node', 'official', 'wq'].map(value);
  if (wq === undefined) return undefined;
  const ratio = node === undefined ? undefined : wq / node;
  const cell = (number) => (number === undefined ? '' : shown(number));
  return {
    cells: [title, cell(node), cell(official), cell(wq), ratio === undefined ? '' : `${ratio.toFixed(2)}x`],
    goal: goal && { text: goal.text, met: goal.met(wq, ratio) },
  };
};

// How cost and speed change with the depth of the queue, and what the program weighs.
const others = (results, { depth }) => {
  const counted = (number) => number.toLocaleString('en');
  const compared = (program, field, shown, other) => {
    const [deep, shallow] = ['deep', other].map((name) => results.median('memory', program, name, field));
    return deep && shallow && { ratio: deep / shallow, text: `${shown(deep)} : ${shown(shallow)}, ${(deep / shallow).toFixed(2)}x` };
  };
  const growth = (title, { field, shown }, other, goal) => {
    const [node, wq] = ['node', 'wq'].map((program) => compared(program, field, shown, other));
    return wq && { cells: [title, node?.text ?? '', '', wq.text, ''], goal: { text: goal.text, met: goal.met(wq.ratio) } };
  };
  const [atMost, atLeast] = [{ text: '≤ 1.1x', met: (ratio) => ratio <= 1.1 }, { text: '≥ 0.9x', met: (ratio) => ratio >= 0.9 }];
  const bare = compared('bare', 'redis_us', us('redis_us').shown, 'alone');
  const seconds = results.median('memory', 'wq', 'version', 'seconds');
  const size = statSync(process.env.WQ_BENCH_WQ).size / 1e6;
  const [many, few] = [depth.waiting, depth.jobs].map(counted);
  return [
    growth(`Redis CPU, µs a job with ${many} waiting : with ${few} beside them`, us('redis_us'), 'beside', atMost),
    growth('… jobs/s', speed, 'beside', atLeast),
    growth(`Redis CPU, µs a job with ${many} waiting : with ${few} on a server with nothing else`, us('redis_us'), 'alone', atMost),
    growth('… jobs/s', speed, 'alone', atLeast),
    bare && { cells: ['… µs a job of the format\'s commands alone, 100 in a script', '', '', bare.text, ''] },
    seconds && {
      cells: ['`wq --version`, ms; the binary, MB', '', '', `${(seconds * 1000).toFixed(1)}; ${size.toFixed(1)}`, ''],
      goal: { text: '≤ 5; ≤ 12', met: seconds <= 0.005 && size <= 12 },
    },
  ];
};

export const tables = (results, about) => ({
  goals: [...goals.map((each) => row(results, 'memory', each)), ...others(results, about)].filter(Boolean),
  onDisk: onDisk.map((each) => row(results, 'aof', each)).filter(Boolean),
});

const line = (cells) => `| ${cells.join(' | ')} |\n`;
const heading = ['', 'Node BullMQ 6.7.0', 'bullmq-official 1.4.4', 'wq', 'wq to Node'];

export const markdown = ({ goals: first, onDisk: second }, about, results) => {
  const [low, high] = results.load();
  const met = first.filter(({ goal }) => goal?.met).length;
  const all = first.filter(({ goal }) => goal).length;
  let text = `\`${about.command}\` on ${about.date}: medians of ${about.rounds} round${about.rounds === 1 ? '' : 's'}, ${about.machine}, ${results.version}, `
    + `Node ${about.node.slice(1)}, loopback, load average ${low.toFixed(1)} to ${high.toFixed(1)}, ${about.minutes.toFixed(0)} minutes. `
    + `${met} of ${all} goals met. Nothing on disk:\n\n`;
  text += line([...heading, 'goal', '']) + line(['---', '---:', '---:', '---:', '---:', '---', '---']);
  for (const { cells, goal } of first) text += line([...cells, goal?.text ?? '', goal ? (goal.met ? 'met' : '**missed**') : '']);
  text += '\nWith the append-only file, flushed every second:\n\n';
  text += line(heading) + line(['---', '---:', '---:', '---:', '---:']);
  for (const { cells } of second) text += line(cells);
  return text;
};
