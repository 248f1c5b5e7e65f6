// A real Bull Board for the tests, over the given queues: prints its port, ends with its standard input.
//
//   node board.mjs PORT QUEUE…
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue } from 'bullmq';
import express from 'express';

const [port, ...names] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const queues = names.map((name) => new BullMQAdapter(new Queue(name, { connection })));
const serverAdapter = new ExpressAdapter();
// A body of another shape than the board's own page expects is an error too.
createBullBoard({ queues, serverAdapter, options: { validateResponses: true } });
const server = express().use(serverAdapter.getRouter()).listen(0, '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));
