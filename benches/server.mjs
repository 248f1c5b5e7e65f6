// A throw-away server on a port of its own, and what it says of itself.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { Redis } = createRequire(join(process.env.WQ_BENCH_HOME, 'node/package.json'))('ioredis');

const freePort = () => new Promise((done, fail) => {
  const probe = createServer().on('error', fail).listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => done(port));
  });
});

export class Server {
  // `aof`: every write goes to the append-only file, flushed once a second, as `wq redis start` has it.
  static async start(aof) {
    const server = new Server();
    server.folder = mkdtempSync(join(tmpdir(), 'wq-bench-'));
    server.port = await freePort();
    const options = [
      '--port', server.port, '--bind', '127.0.0.1', '--dir', server.folder, '--loglevel', 'warning', '--save', '',
      '--hash-max-listpack-value', '1024', '--maxmemory-policy', 'noeviction',
      // A rewrite at a moment of its own choosing would hit one program and not the other: `empty` asks for it between two of them.
      '--appendonly', aof ? 'yes' : 'no', '--appendfsync', 'everysec', '--auto-aof-rewrite-percentage', '0',
    ];
    // Its allocator, too.
    const env = { GLIBC_TUNABLES: 'glibc.malloc.tcache_count=4000', ...process.env };
    server.process = spawn(process.env.WQ_REDIS_SERVER, options.map(String), { env, stdio: ['ignore', 'ignore', 'inherit'] });
    server.aof = aof;
    server.client = new Redis({ host: '127.0.0.1', port: server.port, retryStrategy: () => 50, maxRetriesPerRequest: 100 });
    server.client.on('error', () => {});
    await server.client.ping();
    return server;
  }

  async empty() {
    await this.client.flushall('SYNC');
    if (!this.aof) return;
    await this.client.call('BGREWRITEAOF');
    let busy = true;
    while (busy) {
      await new Promise((done) => { setTimeout(done, 50); });
      const info = await this.client.info('persistence');
      busy = /aof_rewrite_(in_progress|scheduled):1/.test(info);
    }
  }

  async version() {
    const info = await this.client.info('server');
    const valkey = info.match(/valkey_version:(\S+)/);
    return valkey ? `Valkey ${valkey[1]}` : `Redis ${info.match(/redis_version:(\S+)/)[1]}`;
  }

  // CPU time in microseconds, all threads.
  async cpu() {
    const info = await this.client.info('cpu');
    const seconds = (field) => Number(info.match(new RegExp(`${field}:([0-9.]+)`))[1]);
    return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
  }

  async memory() {
    return Number((await this.client.info('memory')).match(/used_memory:(\d+)/)[1]);
  }

  stop() {
    this.client.disconnect();
    this.process.kill('SIGKILL');
    // It may still be writing while it dies.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
