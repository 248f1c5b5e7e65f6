//! Every request and every answer can be lost: nothing is stored twice, sent twice or told wrongly for it, and little time goes by.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{accepted, add};
use crate::support::command::Finished;
use crate::support::proxy::{Fault, Half, Proxy};
use crate::support::receiver::accept;
use crate::support::structure::Structure;
use crate::support::{Receiver, Server, eventually, wq};

const SOON: Duration = Duration::from_secs(20);
const HALVES: [Half; 2] = [Half::Answer, Half::Request];
/// So many requests of a command are lost in turn.
const STEPS: usize = 40;
/// Commands that run beside each other: most of their time they wait.
const LANES: usize = 4;

fn once(half: Half, number: usize) -> Fault {
    Fault::Nth { half, number, times: 1 }
}

fn faults_of(server: &Server, queue: &str) -> Vec<String> {
    Structure::read(&mut server.connection(), queue).faults()
}

/// Every answer, and every third request.
fn steps() -> Vec<(Half, usize)> {
    let answers = (1..=STEPS).map(|number| (Half::Answer, number));
    answers.chain((1..=STEPS).step_by(3).map(|number| (Half::Request, number))).collect()
}

/// Makes all steps, several at a time, each with a proxy that loses what it is about; returns the longest that one took.
fn in_lanes(server: &Server, step: impl Fn(&Proxy, &str) + Sync) -> Duration {
    let (steps, step) = (steps(), &step);
    let take_each = |lane: &[(Half, usize)]| {
        let (proxy, mut longest) = (Proxy::before(server), Duration::ZERO);
        for (half, number) in lane {
            let (began, before) = (Instant::now(), proxy.lost());
            proxy.lose(once(*half, *number));
            step(&proxy, &format!("{half:?}{number}"));
            longest = longest.max(began.elapsed());
            assert_eq!(proxy.lost(), before + 1, "{half:?} {number}: one is lost");
        }
        longest
    };
    std::thread::scope(|scope| {
        let lanes: Vec<_> = steps.chunks(steps.len().div_ceil(LANES)).map(|lane| scope.spawn(move || take_each(lane))).collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).max().unwrap()
    })
}

/// A file with these contacts.
fn contacts(numbers: Range<u64>) -> String {
    let rows = numbers.map(|number| ["+", &(34_600_000_000 + number).to_string(), "\n"].concat());
    std::iter::once("phone\n".to_owned()).chain(rows).collect()
}

fn count(told: &Value, name: &str) -> u64 {
    told["data"][name].as_u64().unwrap()
}

#[test]
fn one_job_is_stored_once_and_told_truly_whatever_is_lost() {
    let server = Server::tcp();
    let proxy = Proxy::before(&server);
    let enqueue = |more: &str| wq(&server).env("WQ_REDIS_URL", proxy.url()).line(&format!("enqueue --data {{}} --json {more}")).run();
    let (mut jobs, mut cuts) = (0, 0);

    for half in HALVES {
        for number in 1.. {
            let before = proxy.lost();
            proxy.lose(once(half, number));
            let told = enqueue(&format!("--key {half:?}{number}")).exits(0).json();
            jobs += 1;
            assert_eq!(told["data"]["status"], "stored", "{half:?} {number}: {told}");
            assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:prioritized"), jobs, "{half:?} {number}");
            if proxy.lost() == before {
                break;
            }
            cuts += 1;
        }
    }

    println!("enqueue: {cuts} requests and answers lost in turn");
    assert!(cuts >= 8, "{cuts} were lost");
    assert_eq!(enqueue("--key Answer1").exits(0).json()["data"]["status"], "duplicate");
    assert_eq!(faults_of(&server, "whatsapp"), [""; 0]);
}

#[test]
fn a_bulk_stores_each_row_once_and_tells_it_truly_whatever_is_lost() {
    const ROWS: u64 = 40;
    let (server, folder) = (Server::tcp(), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("contacts.csv"), contacts(0..ROWS)).unwrap();

    let longest = in_lanes(&server, |proxy, queue| {
        let line = format!("bulk contacts.csv --text Hola --json -Q {queue}");
        let bulk = |more: &str| {
            let words = format!("{line}{more}");
            wq(&server).env("WQ_REDIS_URL", proxy.url()).folder(folder.path()).line(&words).run().exits(0).json()
        };
        let (first, second) = (bulk(" --batch 1"), bulk(""));
        assert_eq!((count(&first, "stored"), count(&first, "duplicate")), (ROWS, 0), "{queue}: {first}");
        assert_eq!((count(&second, "stored"), count(&second, "duplicate")), (0, ROWS), "{queue}: {second}");
        assert_eq!(server.ask::<u64>(&format!("ZCARD bull:{queue}:prioritized")), ROWS, "{queue}");
        assert_eq!(faults_of(&server, queue), [""; 0], "{queue}");
    });
    println!("bulk: the longest step took {longest:?}, two runs each");
}

#[test]
fn a_drain_sends_each_message_once_and_holds_none_whatever_is_lost() {
    const JOBS: usize = 20;
    let server = Server::tcp();
    let receiver = Receiver::start(Duration::ZERO, accept);
    let longest = in_lanes(&server, |proxy, queue| {
        let lines: String = (0..JOBS).map(|n| [r#"{"data":{},"opts":{"jobId":""#, queue, "-", &n.to_string(), "\"}}\n"].concat()).collect();
        wq(&server).line(&format!("enqueue --ndjson - -Q {queue}")).input(lines).run().exits(0);
        let line = format!("worker -Q {queue} --via http --url {} --rate none --concurrency 1 --until-empty", receiver.url());
        let run: Finished = wq(&server).env("WQ_REDIS_URL", proxy.url()).line(&line).run();
        let stderr = &run.stderr;
        assert_eq!(server.ask::<usize>(&format!("ZCARD bull:{queue}:completed")), JOBS, "{queue}: {stderr}");
        assert_eq!(server.ask::<u64>(&format!("HLEN wq:bull:{queue}:held")), 0, "{queue}: {stderr}");
        assert_eq!(faults_of(&server, queue), [""; 0], "{queue}: {stderr}");
        run.exits(0);
    });

    println!("drain: the longest step took {longest:?}");
    let sent = accepted(&receiver, "drain with a lost answer");
    assert_eq!((sent.len(), sent.values().sum::<usize>()), (steps().len() * JOBS, steps().len() * JOBS));
    assert!(longest < SOON, "{longest:?}");
}

#[test]
fn a_drain_that_holds_nothing_loses_nothing_and_repeats_little_whatever_is_lost() {
    const JOBS: usize = 2_000;
    // docs/sending.md
    const MOST_REPEATED: usize = 64 + 5;
    let server = Server::tcp();
    let longest = in_lanes(&server, |proxy, queue| {
        wq(&server).line(&format!("enqueue --ndjson - -Q {queue}")).input("{\"data\":{}}\n".repeat(JOBS)).run().exits(0);
        let line = format!("worker -Q {queue} --via log --rate none --concurrency 5 --until-empty --keep-completed all");
        let run: Finished = wq(&server).env("WQ_REDIS_URL", proxy.url()).line(&line).run();
        let (sent, stderr) = (run.stdout.lines().count(), &run.stderr);
        assert_eq!(server.ask::<usize>(&format!("ZCARD bull:{queue}:completed")), JOBS, "{queue}: {stderr}");
        assert!((JOBS..=JOBS + MOST_REPEATED).contains(&sent), "{queue}: {sent} sent: {stderr}");
        assert_eq!(faults_of(&server, queue), [""; 0], "{queue}: {stderr}");
        run.exits(0);
    });

    println!("drain without a fence: the longest step took {longest:?}");
    assert!(longest < SOON, "{longest:?}");
}

#[test]
fn workers_that_lose_answer_after_answer_send_each_message_once_and_hold_none() {
    let server = Server::tcp();
    let receiver = Receiver::start(Duration::from_millis(1), accept);
    let proxies = [Proxy::before(&server), Proxy::before(&server)];
    let line = format!("worker --via http --url {} --rate none --keep-completed all", receiver.url());
    let start =
        |proxy: &Proxy, policy: &str| wq(&server).env("WQ_REDIS_URL", proxy.url()).line(&format!("{line} --on-uncertain {policy}")).spawn();
    // Nothing is uncertain here, so what they would do about it makes no difference.
    let mut workers = [start(&proxies[0], "hold"), start(&proxies[1], "retry")];
    eventually(SOON, "both live", || (server.ask::<u64>("HLEN wq:bull:whatsapp:beat") == 2).then_some(()));

    let mut added = 0;
    for number in (1..=STEPS).step_by(2) {
        // Once amid the work, then on the way back to it.
        for (proxy, number) in proxies.iter().zip([number, number + 1]) {
            proxy.lose(Fault::Nth { half: HALVES[number / 2 % 2], number, times: 2 });
        }
        eventually(SOON, "its answers were lost", || {
            if server.ask::<u64>("ZCARD bull:whatsapp:prioritized") < 200 {
                add(&server, (added..added + 500).map(|n| format!("j{n}")), "{}");
                added += 500;
            }
            proxies.iter().all(Proxy::is_done).then_some(())
        });
    }
    let ended = Instant::now();
    eventually(SOON, "all are completed", || (server.ask::<usize>("ZCARD bull:whatsapp:completed") == added).then_some(()));

    println!("{} connections cut in {added} messages; {:?} after the last one all were sent", 2 * STEPS, ended.elapsed());
    assert_eq!(server.ask::<u64>("HLEN wq:bull:whatsapp:held"), 0);
    let sent = accepted(&receiver, "worker with lost answers");
    assert_eq!((sent.len(), sent.values().sum::<usize>()), (added, added));
    for worker in &mut workers {
        worker.signal("TERM");
        assert_eq!(worker.ends(SOON).code(), Some(0), "{}", worker.stderr());
    }
    assert_eq!(faults_of(&server, "whatsapp"), [""; 0]);
}

#[test]
fn producers_that_lose_each_hundredth_answer_store_nothing_twice_and_tell_the_truth() {
    const ROWS: u64 = 600;
    let (server, folder) = (Server::tcp(), tempfile::tempdir().unwrap());
    let proxy = Proxy::before(&server);
    proxy.lose(Fault::EachOf(100));
    let at_once = std::thread::scope(|scope| {
        let produce = |producer: u64| {
            fs::write(folder.path().join(format!("{producer}.csv")), contacts(ROWS * producer..ROWS * (producer + 1))).unwrap();
            let line = format!("bulk {producer}.csv --text Hola --batch 2 --json");
            wq(&server).env("WQ_REDIS_URL", proxy.url()).folder(folder.path()).line(&line).run().exits(0).json()
        };
        let bulks: Vec<_> = (0..4).map(|producer| scope.spawn(move || produce(producer))).collect();
        let singles: Vec<Value> =
            (0..40).map(|_| wq(&server).env("WQ_REDIS_URL", proxy.url()).line("enqueue --data {} --json").run().exits(0).json()).collect();
        (bulks.into_iter().map(|bulk| bulk.join().unwrap()).collect::<Vec<_>>(), singles)
    });

    println!("{} answers lost by four bulks and forty single adds", proxy.lost());
    assert!(proxy.lost() >= 10, "{} answers lost", proxy.lost());
    let (bulks, singles) = at_once;
    for told in &bulks {
        assert_eq!((count(told, "stored"), count(told, "total")), (ROWS, ROWS), "{told}");
    }
    let ids: BTreeSet<&str> = singles.iter().map(|told| told["data"]["id"].as_str().unwrap()).collect();
    assert!(singles.iter().all(|told| told["data"]["status"] == "stored"), "{singles:?}");
    let stored: BTreeSet<String> = server.ask("ZRANGE bull:whatsapp:prioritized 0 -1");
    assert_eq!(stored.len() as u64, 4 * ROWS + 40);
    assert!(ids.len() == 40 && ids.iter().all(|id| stored.contains(*id)));
    assert_eq!(faults_of(&server, "whatsapp"), [""; 0]);
}

#[test]
fn a_bulk_whose_server_falls_silent_goes_on_over_a_new_connection_and_tells_the_truth() {
    const ROWS: u64 = 1_000;
    let (server, folder) = (Server::tcp(), tempfile::tempdir().unwrap());
    let proxy = Proxy::before(&server);
    fs::write(folder.path().join("contacts.csv"), contacts(0..ROWS)).unwrap();
    let line = "bulk contacts.csv --text Hola --batch 1 --json --timeout 30s";
    let mut bulk = wq(&server).env("WQ_REDIS_URL", proxy.url()).folder(folder.path()).line(line).spawn();
    eventually(SOON, "rows are added", || (server.ask::<u64>("ZCARD bull:whatsapp:prioritized") > 20).then_some(()));

    proxy.lose(Fault::Everything);
    let began = Instant::now();
    eventually(SOON, "its calls are lost", || (began.elapsed() > Duration::from_secs(1)).then_some(()));
    let before = server.ask::<u64>("ZCARD bull:whatsapp:prioritized");
    proxy.lose(Fault::Nothing);
    assert_eq!(bulk.ends(SOON).code(), Some(0), "{}", bulk.stderr());

    let told: Value = serde_json::from_str(&bulk.stdout()).unwrap();
    println!("{before} of {ROWS} rows were stored when all fell silent for a second; all were {:?} after that began", began.elapsed());
    assert!(before < ROWS, "it fell silent too late");
    assert_eq!((count(&told, "stored"), count(&told, "total")), (ROWS, ROWS), "{told}");
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:prioritized"), ROWS);
    assert_eq!(faults_of(&server, "whatsapp"), [""; 0]);
}

#[test]
fn a_message_that_was_sent_and_removed_before_its_add_was_answered_is_not_sent_again() {
    let (server, receiver) = (Server::tcp(), Receiver::start(Duration::ZERO, accept));
    let proxy = Proxy::before(&server);
    let _worker = wq(&server).line(&format!("worker --via http --url {} --rate none --keep-completed none", receiver.url())).spawn();
    eventually(SOON, "it lives", || (server.ask::<u64>("HLEN wq:bull:whatsapp:beat") == 1).then_some(()));

    let mut cuts = 0;
    for number in 1.. {
        let (id, before) = (format!("m{number}"), proxy.lost());
        proxy.lose(once(Half::Answer, number));
        wq(&server).env("WQ_REDIS_URL", proxy.url()).line(&format!("enqueue --data {{}} --id {id}")).run().exits(0);
        eventually(SOON, "it is sent and gone", || (server.ask::<u64>(&format!("EXISTS bull:whatsapp:{id}")) == 0).then_some(()));
        if proxy.lost() == before {
            break;
        }
        cuts += 1;
    }

    let sent = accepted(&receiver, "lost answers to adds");
    assert_eq!((sent.len(), sent.values().sum::<usize>()), (cuts + 1, cuts + 1));
}
