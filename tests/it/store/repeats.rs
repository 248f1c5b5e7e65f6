//! A call that adds and is repeated under its name: it does nothing and is told what the first was told.

use wq::core::store::repeats::{CallNames, MAX_UNANSWERED};

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_repeated_call_is_told_what_the_first_was_told_even_when_its_jobs_are_gone() {
    let server = Server::start();
    let (mut hand, names) = (Hand::new(&server, "none").await, CallNames::new(PATIENCE).unwrap());
    let (call, other, jobs) = (names.next(), names.next(), [job("old"), job("new")]);
    hand.queue.add(&jobs[..1], Ledger::Skip).await.unwrap();

    let told = hand.queue.add_as(&call, &jobs, Ledger::Skip).await.unwrap();
    let taken = hand.take(2).await;
    hand.settle(&taken, completed(Keep::NONE)).await;
    let told_again = hand.queue.add_as(&call, &jobs, Ledger::Skip).await.unwrap();

    assert_eq!((told.as_slice(), &told_again), ([AddStatus::Duplicate, AddStatus::Stored].as_slice(), &told));
    assert_eq!(hand.take_ids(2).await, [""; 0]);
    assert_eq!(
        hand.queue.add_as(&other, &jobs, Ledger::Skip).await.unwrap(),
        [const { AddStatus::Stored }; 2],
        "another call is another add"
    );
}

#[tokio::test]
async fn a_call_that_comes_when_its_caller_has_long_gone_on_adds_nothing() {
    let server = Server::start();
    let (mut hand, names) = (Hand::new(&server, "none").await, CallNames::new(PATIENCE).unwrap());
    let late = names.next();
    for number in 0..MAX_UNANSWERED {
        hand.queue.add_as(&names.next(), &[job(&format!("j{number}"))], Ledger::Skip).await.unwrap();
    }

    hand.queue.add_as(&late, &[job("late")], Ledger::Skip).await.unwrap_err();

    assert_eq!(hand.take_ids(20).await.len() as u64, MAX_UNANSWERED);
}

#[tokio::test]
async fn what_a_call_was_told_is_forgotten_in_time() {
    let server = Server::start();
    let (hand, names) = (Hand::new(&server, "none").await, CallNames::new(PATIENCE).unwrap());

    hand.queue.add_as(&names.next(), &[job("a")], Ledger::Skip).await.unwrap();
    hand.queue.add(&[job("b")], Ledger::Skip).await.unwrap();

    let keys: Vec<String> = server.ask("KEYS wq:bull:q:adding:*");
    assert_eq!(keys.len(), 1, "{keys:?}");
    let left: i64 = server.ask(&format!("PTTL {}", keys[0]));
    assert!((1..=160_000).contains(&left), "{left} ms");
}
