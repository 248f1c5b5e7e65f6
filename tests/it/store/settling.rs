//! Jobs that are settled together: each gets what it deserves, whatever the others are.

use super::*;

/// Sets up four sent jobs of one take, some of them changed by `harm`, and settles them together.
async fn settled_together(harm: impl Fn(&Server)) -> (Server, Vec<Settled>) {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&["a", "b", "c", "d"].map(job), Ledger::Skip).await.unwrap();
    let taken = hand.take(4).await;
    harm(&server);
    let settled = hand.settle(&taken, completed(Keep::ALL)).await;
    (server, settled)
}

#[tokio::test]
async fn jobs_settled_together_are_settled_each_on_its_own() {
    let (server, settled) = settled_together(|server| {
        server.ask::<()>("DEL bull:q:b");
        server.ask::<()>("SET bull:q:c:lock theirs");
        server.ask::<()>("SADD bull:q:d:dependencies bull:q:child");
    })
    .await;

    assert_eq!(settled, [Settled::Done, Settled::Missing, Settled::LockLost, Settled::ChildrenPending]);
    assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:q:completed 0 -1"), ["a"]);
    assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:q:failed 0 -1"), ["d"]);
    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:q:active 0 -1"), ["c", "b"]);
}

#[tokio::test]
async fn a_job_that_left_active_is_not_completed_and_the_others_are() {
    let (server, settled) = settled_together(|server| server.ask::<()>("LREM bull:q:active 1 c")).await;

    assert_eq!(settled, [Settled::Done, Settled::Done, Settled::NotActive, Settled::Done]);
    assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:q:completed 0 -1"), ["a", "b", "d"]);
}

#[tokio::test]
async fn a_job_finished_out_of_order_leaves_the_others_active() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&["a", "b", "c"].map(job), Ledger::Skip).await.unwrap();
    let mut taken = hand.take(3).await;
    taken.jobs.remove(0);
    taken.jobs.remove(1);

    let settled = hand.settle(&taken, completed(Keep::ALL)).await;

    assert_eq!(settled, [Settled::Done]);
    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:q:active 0 -1"), ["c", "a"]);
}

#[tokio::test]
async fn traces_are_kept_up_to_the_limit_of_the_job() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("a")], Ledger::Skip).await.unwrap();
    let mut stored = Vec::new();
    for (text, kept) in [("one", None), ("two /", None), ("three", Some(2)), ("four", Some(0))] {
        let taken = hand.take(1).await;
        let trace = Some(Trace { text: text.to_owned(), kept });
        hand.settle(&taken, Verdict::Retry { reason: "why".to_owned(), trace, after: Duration::ZERO, lifo: false }).await;
        stored.push(hand.queue.job("a").await.unwrap().unwrap().stacktrace);
    }

    assert_eq!(stored, [vec!["one"], vec!["one", "two /"], vec!["two /", "three"], vec![]]);
    assert_eq!(server.ask::<String>("HGET bull:q:a stacktrace"), "[]");
}

#[tokio::test]
async fn finished_jobs_are_counted_by_the_minute_as_bullmq_counts_them() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.rules.metrics_minutes = 3;
    let jobs: Vec<NewJob> = (0..10).map(|n| job(&format!("j{n}"))).collect();
    hand.queue.add(&jobs, Ledger::Skip).await.unwrap();

    let taken = hand.take(4).await;
    hand.settle(&taken, completed(Keep::NONE)).await;
    let (counted, first) =
        (server.ask::<u64>("HGET bull:q:metrics:completed count"), server.ask::<u64>("EXISTS bull:q:metrics:completed:data"));
    // Five minutes pass.
    let then = server.ask::<u64>("HGET bull:q:metrics:completed prevTS") - 5 * 60_000;
    server.ask::<()>(&format!("HSET bull:q:metrics:completed prevTS {then}"));
    let taken = hand.take(2).await;
    hand.settle(&taken, completed(Keep::ALL)).await;

    assert_eq!((counted, first), (4, 0));
    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:q:metrics:completed:data 0 -1"), ["0", "0", "4"]);
    assert_eq!(server.ask::<Vec<String>>("HMGET bull:q:metrics:completed count prevCount"), ["6", "4"]);
    assert_eq!(server.ask::<u64>("EXISTS bull:q:metrics:failed"), 0);
}

#[tokio::test]
async fn an_outcome_of_a_job_that_was_lost_is_refused() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("a"), job("b"), job("c")], Ledger::Skip).await.unwrap();
    let taken = hand.take(3).await;
    server.ask::<()>("SET bull:q:a:lock stranger");
    server.ask::<()>("DEL bull:q:b:lock");
    server.ask::<()>("DEL bull:q:c");

    let settled = hand.settle(&taken, completed(Keep::ALL)).await;

    assert_eq!(settled, [Settled::LockLost, Settled::LockLost, Settled::Missing]);
    assert_eq!(server.ask::<u64>("ZCARD bull:q:completed"), 0);
}
