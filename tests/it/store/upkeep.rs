//! What the store does to keep queues in order: clean, drain, obliterate, recover, on servers that forget and with damage.

use super::*;

/// How long the server spent on one call of this command, on average, us.
fn us_per_call(server: &Server, command: &str) -> f64 {
    let statistics: String = server.ask("INFO commandstats");
    let line = statistics.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:"))).unwrap();
    line.split("usec_per_call=").nth(1).unwrap().split(',').next().unwrap().parse().unwrap()
}

async fn add_many(queue: &Queue, count: usize) {
    let jobs: Vec<NewJob> = (0..count).map(|n| job(&format!("j{n}"))).collect();
    for chunk in jobs.chunks(500) {
        queue.add(chunk, Ledger::Skip).await.unwrap();
    }
}

#[tokio::test]
async fn a_long_line_is_emptied_without_searching_it_for_every_job() {
    let server = Server::start();
    let queue = queue(&server).await;
    add_many(&queue, 20_000).await;

    assert_eq!(queue.drain(false).await.unwrap(), 20_000);

    let spent = us_per_call(&server, "lrem");
    println!("{spent} us per LREM");
    assert!(spent < 10.0, "{spent} us per LREM");
    assert_eq!(server.ask::<u64>("EXISTS bull:q:wait bull:q:j0 bull:q:j19999"), 0);
}

#[tokio::test]
async fn a_deduplication_goes_with_the_destroyed_queue() {
    let server = Server::start();
    let queue = queue(&server).await;
    queue.add(&[job("a"), job("b")], Ledger::Skip).await.unwrap();
    server.ask::<()>("HSET bull:q:a deid order-1");
    server.ask::<()>("SET bull:q:de:order-1 a");
    server.ask::<()>("HSET bull:q:b deid order-2");
    server.ask::<()>("SET bull:q:de:order-2 b PX 60000");
    queue.pause().await.unwrap();

    queue.obliterate(false).await.unwrap();

    assert_eq!(server.ask::<Vec<String>>("KEYS *"), [] as [&str; 0], "one with a TTL outlives the end of its job, not its removal");
}

#[tokio::test]
async fn a_damaged_job_does_not_keep_stalled_ones_from_coming_back() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&["a", "b", "c", "d", "e"].map(job), Ledger::Skip).await.unwrap();
    hand.take(5).await;
    server.ask::<()>("DEL bull:q:a:lock bull:q:b:lock bull:q:c:lock bull:q:d:lock bull:q:e:lock bull:q:b bull:q:c");
    server.ask::<()>("SET bull:q:b text");
    server.ask::<()>("HSET bull:q:d stc many");

    let mut recovered = Vec::new();
    for _ in 0..2 {
        server.ask::<()>("DEL bull:q:stalled-check");
        recovered.extend(hand.queue.recover_stalled(Duration::from_secs(30)).await.unwrap());
    }

    recovered.sort();
    assert_eq!(recovered, ["a", "d", "e"]);
    assert_eq!(hand.queue.overview().await.unwrap().missing_hash, 2);
    assert_eq!(server.ask::<u64>("EXISTS bull:q:active"), 0);
    let mut again = hand.take_ids(9).await;
    again.sort();
    assert_eq!(again, ["a", "d", "e"]);
}

#[tokio::test]
async fn cleaned_rows_stay_known_and_drained_ones_may_come_again() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    let rows = [job("RowOne00000000"), job("RowTwo00000000")];
    hand.queue.add(&rows, Ledger::Record).await.unwrap();
    let taken = hand.take(1).await;
    hand.settle(&taken, completed(Keep::ALL)).await;

    assert_eq!(hand.queue.clean(JobState::Completed, Duration::from_hours(1), 10).await.unwrap(), 0);
    assert_eq!(hand.queue.clean(JobState::Completed, Duration::ZERO, 10).await.unwrap(), 1);
    assert_eq!(hand.queue.drain(false).await.unwrap(), 1);

    assert_eq!(hand.queue.add(&rows, Ledger::Record).await.unwrap(), [AddStatus::Duplicate, AddStatus::Stored]);
}

#[tokio::test]
async fn every_script_works_on_a_server_that_forgot_it() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "10/s").await;
    let forget = || server.ask::<()>("SCRIPT FLUSH");
    let id = |id: &str| [id.to_owned()];
    let later = job_with("later", JobOptions { start: Start::After(Duration::from_hours(1)), ..JobOptions::default() });

    forget();
    hand.queue.add(&[job("a"), job("b"), later], Ledger::Skip).await.unwrap();
    forget();
    let taken = hand.take(1).await;
    forget();
    hand.queue.reserve_slot(taken.pace.unwrap().gap).await.unwrap();
    forget();
    let lock = (taken.jobs[0].id.clone(), Arc::clone(&taken.jobs[0].token));
    assert_eq!(hand.queue.extend_locks(&[lock], Duration::from_mins(1)).await.unwrap(), Vec::<String>::new());
    forget();
    assert_eq!(hand.settle(&taken, completed(Keep::ALL)).await, [Settled::Done]);
    forget();
    assert_eq!(hand.queue.retry(&id("a"), JobState::Completed, RetryRules::default()).await.unwrap(), [Change::Done]);
    forget();
    assert_eq!(hand.queue.promote(&id("later")).await.unwrap(), [Change::Done]);
    forget();
    assert!(hand.queue.recover_stalled(Duration::from_secs(30)).await.unwrap().is_empty());
    forget();
    assert!(hand.reclaim(&[]).await.is_empty());
    forget();
    assert_eq!(hand.queue.remove(&id("b")).await.unwrap(), [Change::Done]);
    forget();
    assert_eq!(hand.queue.pause().await.unwrap(), Paused::Now);
    forget();
    assert!(hand.queue.resume().await.unwrap().was_paused);
    hand.queue.pause().await.unwrap();
    forget();
    assert_eq!(hand.queue.obliterate(false).await.unwrap(), Obliterated::Gone(2));
}

#[tokio::test]
async fn a_job_that_became_something_else_keeps_no_outcome_from_being_stored() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&["a", "b", "c"].map(job), Ledger::Skip).await.unwrap();
    let taken = hand.take(3).await;
    server.ask::<()>("SET bull:q:b text");

    let settled = hand.settle(&taken, completed(Keep::ALL)).await;

    assert_eq!(settled, [Settled::Done, Settled::Missing, Settled::Done]);
    assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:q:completed 0 -1"), ["a", "c"]);
}

#[tokio::test]
async fn a_job_whose_outcome_could_not_be_stored_is_never_sent() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    let mut connection = server.connection();
    redis::cmd("HSET").arg(b"bull:q:\xff").arg(&["name", "send", "data", "{}", "opts", "{}"]).exec(&mut connection).unwrap();
    redis::cmd("LPUSH").arg("bull:q:wait").arg(b"\xff").exec(&mut connection).unwrap();

    let taken = hand.take(1).await;

    assert_eq!(taken.jobs[0].content.as_ref().unwrap_err(), "the id is no UTF-8");
}
