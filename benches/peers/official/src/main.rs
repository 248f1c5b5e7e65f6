//! BullMQ's own Rust crate doing one workload: prints one line of JSON with what it took.
//!
//! `official add '{"port":6379,"jobs":100000}'`
//!
//! Times and CPU are those of the measured stretch alone, as in `../node/peer.mjs`, which this follows workload by workload.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bullmq::options::RedisConnectionOptions;
use bullmq::types::{BackoffStrategy, RemoveOnFinish};
use bullmq::worker::{CancellationToken, WorkerEvent};
use bullmq::{BulkJob, Job, JobOptions, Queue, QueueOptions, RateLimiterOptions, Worker, WorkerOptions};
use serde_json::{Value, json};
use tokio::sync::mpsc;

type Error = Box<dyn std::error::Error + Send + Sync>;

const NAME: &str = "bench";
const CHUNK: usize = 1000;

/// What the command line asked for, and the connections.
struct Bench {
    given: Value,
    connection: RedisConnectionOptions,
    queue: Queue,
    server: redis::aio::MultiplexedConnection,
}

fn options() -> JobOptions {
    JobOptions { attempts: Some(3), backoff: Some(BackoffStrategy::Exponential(2000)), ..JobOptions::default() }
}

/// The same data that `wq bench` adds.
fn data(n: usize) -> Value {
    json!({
        "to": format!("+55119{}", 80_000_000 + n % 20_000_000),
        "text": format!(
            "Hola Ana, tu pedido {n} salió hoy y llega mañana entre las 9:00 y las 13:00. Escribe 1 para confirmar, 2 para cambiar la fecha o 3 \
             para hablar con una persona de la tienda."
        ),
        "campaign": "bf26",
        "category": "utility",
        "meta": { "crm": format!("twenty:{n}"), "city": "São Paulo" },
    })
}

/// CPU time of this process in microseconds, and its peak memory in MiB.
fn own_usage() -> (f64, f64) {
    let mut usage = unsafe { std::mem::zeroed::<libc::rusage>() };
    // SAFETY: the pointer is to a local that outlives the call.
    assert_eq!(unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) }, 0);
    let us = |time: libc::timeval| time.tv_sec as f64 * 1e6 + time.tv_usec as f64;
    let unit = if cfg!(target_os = "macos") { 1024.0 * 1024.0 } else { 1024.0 };
    (us(usage.ru_utime) + us(usage.ru_stime), usage.ru_maxrss as f64 / unit)
}

fn spread(samples: &mut [f64]) -> Value {
    samples.sort_by(f64::total_cmp);
    let at = |percent: usize| samples[(samples.len() * percent).div_ceil(100).saturating_sub(1)];
    json!({ "p50_ms": at(50), "p99_ms": at(99) })
}

fn merge(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

impl Bench {
    fn number(&self, name: &str) -> usize {
        self.given[name].as_u64().unwrap_or_else(|| panic!("{name} is missing")) as usize
    }

    async fn server_cpu(&self) -> Result<f64, Error> {
        let info: String = redis::cmd("INFO").arg("cpu").query_async(&mut self.server.clone()).await?;
        let seconds = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok()).unwrap_or(0.0);
        Ok((seconds("used_cpu_user:") + seconds("used_cpu_sys:")) * 1e6)
    }

    /// Runs the stretch and says what a job of it cost.
    async fn measured(&self, jobs: usize, stretch: impl Future<Output = Result<Value, Error>>) -> Result<Value, Error> {
        let (redis, (client, _), begun) = (self.server_cpu().await?, own_usage(), Instant::now());
        let more = stretch.await?;
        let (seconds, count) = (begun.elapsed().as_secs_f64(), jobs as f64);
        let result = json!({
            "jobs": jobs,
            "seconds": seconds,
            "jobs_per_s": count / seconds,
            "client_us": (own_usage().0 - client) / count,
            "redis_us": (self.server_cpu().await? - redis) / count,
        });
        Ok(merge(result, more))
    }

    async fn add_many(&self, jobs: usize) -> Result<Value, Error> {
        for from in (0..jobs).step_by(CHUNK) {
            let bulk = (from..jobs.min(from + CHUNK)).map(|n| BulkJob::with_options("send", data(n), options()));
            self.queue.add_bulk(bulk.collect()).await?;
        }
        Ok(Value::Null)
    }

    fn worker_options(&self, concurrency: usize, keep: bool) -> WorkerOptions {
        let remove_on_complete = (!keep).then_some(RemoveOnFinish::Bool(true));
        WorkerOptions { connection: self.connection.clone(), concurrency, remove_on_complete, autorun: false, ..WorkerOptions::default() }
    }

    /// Until all are stored as completed.
    async fn work_off(&self, jobs: usize, worker: Worker) -> Result<Value, Error> {
        let result = self
            .measured(jobs, async {
                worker.run().await?;
                completed(&worker, jobs).await?;
                Ok(Value::Null)
            })
            .await?;
        worker.close(10_000).await?;
        Ok(result)
    }

    async fn one(&self) -> Result<Value, Error> {
        let jobs = self.number("jobs");
        self.measured(jobs, async {
            let mut took = Vec::with_capacity(jobs);
            for n in 0..jobs {
                let asked = Instant::now();
                self.queue.add("send", data(n)).options(options()).await?;
                took.push(ms(asked.elapsed()));
            }
            Ok(spread(&mut took))
        })
        .await
    }

    async fn drain(&self) -> Result<Value, Error> {
        let keep = self.given["keep"].as_bool().unwrap_or(true);
        let options = self.worker_options(self.number("concurrency"), keep);
        let worker = Worker::with_options(NAME, |_: Job, _: CancellationToken| async { Ok(Value::Null) }, options).await?;
        self.work_off(self.number("jobs"), worker).await
    }

    async fn handler(&self) -> Result<Value, Error> {
        let (jobs, concurrency) = (self.number("jobs"), self.number("concurrency"));
        let latency = Duration::from_millis(self.number("ms") as u64);
        let begun = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..concurrency {
            tasks.spawn(async move {
                for _ in 0..jobs / concurrency {
                    tokio::time::sleep(latency).await;
                }
            });
        }
        tasks.join_all().await;
        let ideal = begun.elapsed().as_secs_f64();
        self.add_many(jobs).await?;
        let play = move |_: Job, _: CancellationToken| async move {
            tokio::time::sleep(latency).await;
            Ok(Value::Null)
        };
        let worker = Worker::with_options(NAME, play, self.worker_options(concurrency, false)).await?;
        let result = self.work_off(jobs, worker).await?;
        let share = ideal / result["seconds"].as_f64().unwrap_or(f64::NAN);
        Ok(merge(result, json!({ "share": share })))
    }

    async fn pickup(&self) -> Result<Value, Error> {
        let (worker, mut starts) = self.noting_worker().await?;
        worker.run().await?;
        let mut took = Vec::new();
        for n in 0..=self.number("jobs") {
            tokio::time::sleep(Duration::from_millis(10)).await;
            let asked = Instant::now();
            self.queue.add("send", data(n)).options(options()).await?;
            let (_, at) = starts.recv().await.ok_or("the worker is gone")?;
            // The first one waits for the worker to be idle for the first time.
            if n > 0 {
                took.push(ms(at - asked));
            }
        }
        worker.close(10_000).await?;
        Ok(spread(&mut took))
    }

    async fn delayed(&self) -> Result<Value, Error> {
        let jobs = self.number("jobs");
        let (worker, mut starts) = self.noting_worker().await?;
        worker.run().await?;
        let mut due = HashMap::new();
        for n in 0..jobs {
            let delay = 1000 + 4000 * n / jobs;
            due.insert(format!("twenty:{n}"), Instant::now() + Duration::from_millis(delay as u64));
            self.queue.add("send", data(n)).options(JobOptions { delay: Some(delay as u64), ..options() }).await?;
        }
        let mut late = Vec::new();
        while late.len() < jobs {
            let (crm, at) = starts.recv().await.ok_or("the worker is gone")?;
            late.push(ms(at.saturating_duration_since(due[&crm])));
        }
        worker.close(10_000).await?;
        Ok(spread(&mut late))
    }

    async fn noting_worker(&self) -> Result<(Worker, mpsc::UnboundedReceiver<(String, Instant)>), Error> {
        let (note, starts) = mpsc::unbounded_channel();
        let play = move |job: Job, _: CancellationToken| {
            let crm = job.data()["meta"]["crm"].as_str().unwrap_or_default().to_owned();
            let noted = note.send((crm, Instant::now()));
            async move {
                noted.ok();
                Ok(Value::Null)
            }
        };
        Ok((Worker::with_options(NAME, play, self.worker_options(50, false)).await?, starts))
    }

    async fn limiter(&self) -> Result<Value, Error> {
        let (jobs, max, window) = (self.number("jobs"), self.number("max"), Duration::from_millis(self.number("window") as u64));
        self.add_many(jobs).await?;
        let starts: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let noted = Arc::clone(&starts);
        let play = move |_: Job, _: CancellationToken| {
            noted.lock().unwrap().push(Instant::now());
            async { Ok(Value::Null) }
        };
        let limiter = Some(RateLimiterOptions::new(max as u64, window));
        let worker = Worker::with_options(NAME, play, WorkerOptions { limiter, ..self.worker_options(50, true) }).await?;
        let result = self.work_off(jobs, worker).await?;
        let mut starts = starts.lock().unwrap().clone();
        starts.sort_unstable();
        let within = |first: &Instant| starts.iter().filter(|at| *at >= first && **at < *first + window).count();
        let most = starts.iter().map(within).max();
        let span = (starts[starts.len() - 1] - starts[0]).as_secs_f64();
        Ok(merge(result, json!({ "most": most, "jobs_per_s": (jobs - 1) as f64 / span })))
    }
}

async fn completed(worker: &Worker, jobs: usize) -> Result<(), Error> {
    let mut count = 0;
    while count < jobs {
        match worker.next_event().await {
            Some(WorkerEvent::Completed { .. }) => count += 1,
            Some(WorkerEvent::Failed { error, .. } | WorkerEvent::Error(error)) => return Err(error.into()),
            Some(_) => {}
            None => return Err("the worker is gone".into()),
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let mut words = std::env::args().skip(1);
    let workload = words.next().ok_or("which workload?")?;
    let given: Value = serde_json::from_str(&words.next().ok_or("with what?")?)?;
    let url = format!("redis://127.0.0.1:{}", given["port"]);
    let connection = RedisConnectionOptions::new().url(url.as_str());
    let queue = Queue::with_options(NAME, QueueOptions { connection: connection.clone(), ..QueueOptions::default() }).await?;
    let server = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    let bench = Bench { given, connection, queue, server };
    let result = match workload.as_str() {
        "seed" => bench.add_many(bench.number("jobs")).await.map(|_| json!({}))?,
        "add" => bench.measured(bench.number("jobs"), bench.add_many(bench.number("jobs"))).await?,
        "one" => bench.one().await?,
        "drain" => bench.drain().await?,
        "handler" => bench.handler().await?,
        "pickup" => bench.pickup().await?,
        "delayed" => bench.delayed().await?,
        "limiter" => bench.limiter().await?,
        other => return Err(format!("no workload {other}").into()),
    };
    println!("{}", merge(result, json!({ "jobs": bench.given["jobs"], "rss_mib": own_usage().1 })));
    Ok(())
}
