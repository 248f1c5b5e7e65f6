//! The fence: who was about to send a job is known, and what may have been sent is never sent again without being asked.

use wq::core::store::intent::{Fence, Intent, OnUncertain, Permit};

use super::*;

const TIMEOUT: Duration = Duration::from_secs(30);

impl Hand {
    pub(super) async fn fenced(server: &Server, policy: OnUncertain) -> Self {
        let mut hand = Self::new(server, "none").await;
        hand.rules.fence = Some(Fence { policy, send_timeout: TIMEOUT });
        hand
    }

    /// Adds these jobs and takes them.
    pub(super) async fn begin(&mut self, ids: &[&str]) -> Taken {
        let jobs: Vec<NewJob> = ids.iter().map(|id| job(id)).collect();
        self.queue.add(&jobs, Ledger::Skip).await.unwrap();
        self.take(ids.len()).await
    }

    pub(super) async fn intend(&self, taken: &Taken) -> Vec<Permit> {
        let intents: Vec<Intent> =
            taken.jobs.iter().map(|job| Intent { id: job.id.clone(), token: Arc::clone(&job.token), slot_us: 0 }).collect();
        self.queue.intend(&intents, self.rules.fence.unwrap(), taken.pace).await.unwrap()
    }
}

fn sent(provider_id: &str) -> Verdict {
    Verdict::Completed { return_value: "null".to_owned(), provider_id: Some(provider_id.to_owned()), keep: Keep::ALL }
}

fn uncertain() -> Verdict {
    Verdict::Held { reason: "uncertain: no answer".to_owned(), trace: None }
}

pub(super) fn field(server: &Server, id: &str, name: &str) -> Option<String> {
    server.ask(&format!("HGET bull:q:{id} {name}"))
}

pub(super) fn ids(server: &Server, state: &str) -> Vec<String> {
    let command = if ["wait", "active"].contains(&state) { "LRANGE" } else { "ZRANGE" };
    server.ask(&format!("{command} bull:q:{state} 0 -1"))
}

pub(super) fn held(server: &Server) -> Vec<String> {
    let mut ids: Vec<String> = server.ask("HKEYS wq:bull:q:held");
    ids.sort();
    ids
}

#[tokio::test]
async fn a_job_that_starts_at_once_is_taken_with_its_intent_and_a_lock_that_nobody_lets_lapse() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;

    let taken = hand.begin(&["a"]).await;

    let intent = field(&server, "a", "wqi").unwrap();
    let parts: Vec<&str> = intent.split(':').collect();
    let at: u64 = parts[2].parse().unwrap();
    assert_eq!((parts[0], parts[1], parts[4]), ("wq.test.1", "1", "h"));
    assert_eq!(at, taken.now);
    assert_eq!(parts[3].parse::<u64>().unwrap() - at, 90_000);
    assert!(taken.jobs[0].is_intended);
    assert!(server.ask::<u64>("PTTL bull:q:a:lock") > 23 * 60 * 60 * 1000);
}

#[tokio::test]
async fn under_retry_the_lock_lapses_as_bullmq_expects() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Retry).await;

    let taken = hand.begin(&["a"]).await;

    assert_eq!(hand.intend(&taken).await, [Permit::Granted]);
    assert!(server.ask::<u64>("PTTL bull:q:a:lock") <= 30_000);
    assert!(field(&server, "a", "wqi").unwrap().ends_with(":r"));
}

#[tokio::test]
async fn without_a_fence_nothing_is_announced() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;

    let taken = hand.begin(&["a"]).await;
    hand.settle(&taken, sent("x")).await;

    assert!(!taken.jobs[0].is_intended);
    assert_eq!((field(&server, "a", "wqi"), field(&server, "a", "wqs")), (None, None));
}

#[tokio::test]
async fn a_job_whose_start_lies_ahead_is_announced_only_then() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.rules.rate = "1/s".parse().unwrap();

    let first = hand.begin(&["a"]).await;
    let second = hand.begin(&["b"]).await;

    assert_eq!((first.jobs[0].is_intended, second.jobs[0].is_intended), (true, false));
    assert_eq!(field(&server, "b", "wqi"), None);
    assert!(server.ask::<u64>("PTTL bull:q:b:lock") <= 30_000);
    assert_eq!(hand.intend(&second).await, [Permit::Granted]);
    assert!(field(&server, "b", "wqi").unwrap().starts_with("wq.test.2:1:"));
}

#[tokio::test]
async fn a_start_that_has_passed_is_given_anew_and_not_announced() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.rules.rate = "10/s".parse().unwrap();
    let taken = hand.begin(&["a"]).await;
    let slot_us = (taken.now - 1000) * 1000;

    let intent = Intent { id: "a".to_owned(), token: Arc::clone(&taken.jobs[0].token), slot_us };
    let permits = hand.queue.intend(&[intent], hand.rules.fence.unwrap(), taken.pace).await.unwrap();

    assert!(matches!(permits[..], [Permit::Later { after, .. }] if after > Duration::from_millis(50)), "{permits:?}");
    assert_eq!(field(&server, "a", "wqi"), None);
}

#[tokio::test]
async fn a_worker_that_lost_its_job_is_refused() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let taken = hand.begin(&["a", "b", "c", "d"]).await;
    server.ask::<()>("SET bull:q:a:lock theirs");
    server.ask::<()>("DEL bull:q:b:lock");
    server.ask::<()>("DEL bull:q:c");

    assert_eq!(hand.intend(&taken).await, [Permit::Refused, Permit::Refused, Permit::Refused, Permit::Granted]);
}

#[tokio::test]
async fn a_sent_job_keeps_the_providers_id_and_no_intent() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let taken = hand.begin(&["a", "b"]).await;

    let settled = hand.settle(&taken, sent("wamid.1:x")).await;

    assert_eq!(settled, [Settled::Done, Settled::Done]);
    assert_eq!((field(&server, "a", "wqi"), field(&server, "b", "wqi")), (None, None));
    assert_eq!(field(&server, "a", "wqs").as_deref(), Some("wq.test.1:1:wamid.1:x"));
    assert_eq!(ids(&server, "completed"), ["a", "b"]);
}

#[tokio::test]
async fn a_job_that_was_not_sent_has_no_intent_left() {
    let retry = Verdict::Retry { reason: "r".to_owned(), trace: None, after: TIMEOUT, lifo: false };
    let failed = Verdict::Failed { reason: "r".to_owned(), trace: None, keep: Keep::ALL };
    for verdict in [retry, failed, Verdict::Wait { after: TIMEOUT }, Verdict::Release] {
        let server = Server::start();
        let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
        let taken = hand.begin(&["a"]).await;

        assert_eq!(hand.settle(&taken, verdict.clone()).await, [Settled::Done]);

        assert_eq!((field(&server, "a", "wqi"), field(&server, "a", "wqs")), (None, None), "{verdict:?}");
    }
}

#[tokio::test]
async fn an_uncertain_job_is_held_and_nothing_of_it_is_over() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let taken = hand.begin(&["a"]).await;

    assert_eq!(hand.settle(&taken, uncertain()).await, [Settled::Done]);

    assert_eq!((ids(&server, "failed"), ids(&server, "active"), held(&server)), (vec!["a".into()], vec![], vec!["a".into()]));
    let entry = hand.queue.held_job("a").await.unwrap().unwrap();
    assert_eq!((entry.key.as_str(), entry.data.as_str(), entry.policy()), ("a", "{}", "h"));
    assert_eq!(entry.why, "uncertain: no answer");
    assert_eq!(field(&server, "a", "failedReason").as_deref(), Some("uncertain: no answer"));
    assert_eq!(field(&server, "a", "atm").as_deref(), Some("1"));
    let events = format!("{:?}", server.ask::<redis::Value>("XRANGE bull:q:events - +"));
    assert!(events.contains("failed") && !events.contains("retries-exhausted"), "{events}");
}

#[tokio::test]
async fn a_held_job_keeps_its_deduplication_whatever_its_own_options_say_of_failed_ones() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let taken = hand.begin(&["a"]).await;
    server.ask::<()>("HSET bull:q:a deid d opts {\"removeOnFail\":true}");
    server.ask::<()>("SET bull:q:de:d a");

    hand.settle(&taken, uncertain()).await;

    assert_eq!((ids(&server, "failed"), server.ask::<String>("GET bull:q:de:d")), (vec!["a".into()], "a".to_owned()));
}

#[tokio::test]
async fn a_held_job_is_not_added_again_even_when_somebody_removed_it() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let taken = hand.begin(&["a"]).await;
    hand.settle(&taken, uncertain()).await;
    server.ask::<()>("DEL bull:q:a");
    server.ask::<()>("ZREM bull:q:failed a");

    let statuses = hand.queue.add(&[job("a"), job("b")], Ledger::Skip).await.unwrap();

    assert_eq!(statuses, [AddStatus::Duplicate, AddStatus::Stored]);
}

#[tokio::test]
async fn a_job_that_somebody_put_back_in_line_while_it_was_sent_is_held_instead_of_sent_again() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.begin(&["a", "b"]).await;
    server.ask::<()>("DEL bull:q:a:lock");
    server.ask::<()>("LREM bull:q:active 1 a");
    server.ask::<()>("RPUSH bull:q:wait a");
    hand.queue.add(&[job("c")], Ledger::Skip).await.unwrap();

    let taken = hand.take(9).await;

    assert_eq!((taken.jobs.len(), taken.jobs[0].id.as_str(), taken.held), (1, "c", 1));
    assert_eq!((held(&server), ids(&server, "failed")), (vec!["a".to_owned()], vec!["a".to_owned()]));
    assert_eq!(field(&server, "a", "atm"), None);
}

#[tokio::test]
async fn a_sent_job_that_is_put_back_in_line_on_purpose_runs_again() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let taken = hand.begin(&["a"]).await;
    let intent = field(&server, "a", "wqi").unwrap();
    hand.settle(&taken, sent("x")).await;
    // As if the worker had died between the two.
    server.ask::<()>(&format!("HSET bull:q:a wqi {intent}"));
    server.ask::<()>("ZREM bull:q:completed a");
    server.ask::<()>("RPUSH bull:q:wait a");

    assert_eq!(hand.take_ids(9).await, ["a"]);

    assert_eq!(field(&server, "a", "wqs"), None);
    assert!(field(&server, "a", "wqi").unwrap().starts_with("wq.test.3:2:"));
}

#[tokio::test]
async fn under_the_owners_retry_a_job_that_waits_again_is_sent_again_by_anybody() {
    let server = Server::start();
    let mut owner = Hand::fenced(&server, OnUncertain::Retry).await;
    owner.begin(&["a"]).await;
    server.ask::<()>("DEL bull:q:a:lock");
    server.ask::<()>("LREM bull:q:active 1 a");
    server.ask::<()>("RPUSH bull:q:wait a");

    let mut other = Hand::fenced(&server, OnUncertain::Hold).await;

    assert_eq!(other.take_ids(9).await, ["a"]);
}

#[tokio::test]
async fn word_that_a_held_job_was_sent_after_all_completes_it() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let taken = hand.begin(&["a", "b", "c"]).await;
    hand.settle(&taken, uncertain()).await;
    server.ask::<()>("ZREM bull:q:failed b");
    server.ask::<()>("RPUSH bull:q:wait b");
    server.ask::<()>("ZREM bull:q:failed c");
    server.ask::<()>("DEL bull:q:c");

    let settled = hand.settle(&taken, sent("late")).await;

    assert_eq!(settled, [Settled::Done; 3]);
    assert_eq!((ids(&server, "completed"), ids(&server, "failed"), ids(&server, "wait")), (vec!["a".into(), "b".into()], vec![], vec![]));
    assert!(held(&server).is_empty());
    assert_eq!(field(&server, "a", "wqs").as_deref(), Some("wq.test.1:1:late"));
    assert_eq!(field(&server, "a", "atm").as_deref(), Some("1"));
    assert_eq!((field(&server, "a", "failedReason"), field(&server, "a", "wqi"), field(&server, "c", "wqs")), (None, None, None));
}

#[tokio::test]
async fn word_that_comes_when_somebody_else_sends_the_job_again_is_told_as_a_probable_double() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let taken = hand.begin(&["a"]).await;
    hand.settle(&taken, uncertain()).await;
    server.ask::<()>("ZREM bull:q:failed a");
    server.ask::<()>("LPUSH bull:q:active a");
    server.ask::<()>("SET bull:q:a:lock node");

    assert_eq!(hand.settle(&taken, sent("late")).await, [Settled::Doubled]);

    assert!(held(&server).is_empty());
    assert_eq!(field(&server, "a", "wqs").as_deref(), Some("wq.test.1:1:late"));
    assert_eq!(ids(&server, "active"), ["a"]);
}

#[tokio::test]
async fn word_of_another_send_than_the_held_one_settles_nothing() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let mut taken = hand.begin(&["a"]).await;
    hand.settle(&taken, uncertain()).await;
    taken.jobs[0].token = "wq.test.77".into();

    assert_eq!(hand.settle(&taken, sent("late")).await, [Settled::LockLost]);

    assert_eq!(held(&server), ["a"]);
}

#[tokio::test]
async fn a_held_job_that_is_held_again_is_held_once() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let taken = hand.begin(&["a"]).await;
    hand.settle(&taken, uncertain()).await;

    assert_eq!(hand.settle(&taken, uncertain()).await, [Settled::Done]);

    assert_eq!(field(&server, "a", "atm").as_deref(), Some("1"));
}

#[tokio::test]
async fn jobs_whose_take_was_never_heard_of_go_back_without_their_intent() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let taken = hand.begin(&["a", "b"]).await;
    // Known, but under the token of an earlier take: the present one was not heard of.
    let known = [("a".to_owned(), Arc::from("wq.test.0")), ("b".to_owned(), Arc::clone(&taken.jobs[1].token))];

    let reclaimed = hand.reclaim(&known).await;

    assert_eq!(reclaimed, ["a"]);
    assert_eq!(field(&server, "a", "wqi"), None);
    assert!(field(&server, "b", "wqi").is_some());
}
