//! Parents and children when something about them is damaged: outcomes are stored all the same, and a person can read why a
//! parent was not told.

use super::*;

const PARENT: &str = r#"{"id":"p","queueKey":"bull:above"}"#;

/// A child `c` of `bull:above:p`, taken by a worker, beside a job `z` of its own; then damaged by `harm`.
async fn with_family(harm: impl Fn(&Server)) -> (Server, Hand, Taken) {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[job("c"), job("z")], Ledger::Skip).await.unwrap();
    server.ask::<()>("HSET bull:q:c parentKey bull:above:p");
    server.ask::<()>(&format!("HSET bull:q:c parent {PARENT}"));
    server.ask::<()>("HSET bull:above:p name p data {} opts {} timestamp 1 delay 0 priority 0");
    server.ask::<()>("ZADD bull:above:waiting-children 1 p");
    server.ask::<()>("SADD bull:above:p:dependencies bull:q:c");
    let taken = hand.take(2).await;
    harm(&server);
    (server, hand, taken)
}

fn failed() -> Verdict {
    Verdict::Failed { reason: "no".to_owned(), trace: None, keep: Keep::ALL }
}

/// What the child says about its parent's not being told, once both outcomes are stored in `set`.
fn lost_parent(server: &Server, set: &str) -> String {
    assert_eq!(server.ask::<Vec<String>>(&format!("ZRANGE bull:q:{set} 0 -1")), ["c", "z"]);
    assert_eq!(server.ask::<u64>("HGET wq:bull:q:counters parents_not_told"), 1);
    server.ask("HGET bull:q:c wqparent")
}

#[tokio::test]
async fn a_child_with_a_damaged_word_about_its_parent_releases_it_all_the_same() {
    for harm in ["HSET bull:q:c parent {", "HSET bull:q:c parent []", "HDEL bull:q:c parent"] {
        let (server, mut hand, taken) = with_family(|server| server.ask::<()>(harm)).await;

        assert_eq!(hand.settle(&taken, completed(Keep::ALL)).await, [Settled::Done; 2]);

        assert_eq!(server.ask::<Vec<String>>("LRANGE bull:above:wait 0 -1"), ["p"], "{harm}");
        assert_eq!(server.ask::<String>("HGET bull:above:p:processed bull:q:c"), "null");
    }
}

#[tokio::test]
async fn what_a_failure_does_is_not_guessed_from_a_damaged_word() {
    let (server, mut hand, taken) = with_family(|server| server.ask::<()>("HSET bull:q:c parent {\"fpof\":true}")).await;

    assert_eq!(hand.settle(&taken, failed()).await, [Settled::Done; 2]);

    assert!(lost_parent(&server, "failed").contains("damaged"));
    assert_eq!(server.ask::<u64>("SCARD bull:above:p:dependencies"), 1);
}

#[tokio::test]
async fn keys_of_another_type_at_the_parent_keep_no_outcome_from_being_stored() {
    for key in ["bull:above:p:dependencies", "bull:above:p:processed", "bull:above:p", "bull:above:waiting-children"] {
        let (server, mut hand, taken) = with_family(|server| {
            server.ask::<()>(&format!("DEL {key}"));
            server.ask::<()>(&format!("SET {key} text"));
        })
        .await;

        assert_eq!(hand.settle(&taken, completed(Keep::ALL)).await, [Settled::Done; 2]);

        // A parent that is another type only shows when something is asked of it, which a release alone does.
        assert!(lost_parent(&server, "completed").contains("WRONGTYPE"), "{key}");
    }
}

#[tokio::test]
async fn a_parent_key_that_is_none_is_a_reason_and_not_a_stop() {
    let (server, mut hand, taken) = with_family(|server| {
        server.ask::<()>("HSET bull:q:c parentKey nonsense");
        server.ask::<()>("HDEL bull:q:c parent");
    })
    .await;

    assert_eq!(hand.settle(&taken, completed(Keep::ALL)).await, [Settled::Done; 2]);

    assert!(lost_parent(&server, "completed").contains("nonsense"));
}

#[tokio::test]
async fn a_parent_that_is_gone_is_not_brought_back_by_its_child() {
    for verdict in [completed(Keep::ALL), failed()] {
        let (server, mut hand, taken) = with_family(|server| {
            server.ask::<()>("HSET bull:q:c parent {\"id\":\"p\",\"queueKey\":\"bull:above\",\"fpof\":true}");
            server.ask::<()>("DEL bull:above:p");
        })
        .await;

        assert_eq!(hand.settle(&taken, verdict).await, [Settled::Done; 2]);

        assert_eq!(server.ask::<u64>("EXISTS bull:above:p bull:above:wait bull:above:events"), 0);
        assert_eq!(server.ask::<u64>("HEXISTS bull:q:c wqparent"), 0);
    }
}

#[tokio::test]
async fn a_parent_in_a_paused_or_full_queue_waits_without_a_marker() {
    for harm in ["HSET bull:above:meta paused 1 version bullmq:6.7.0", "HSET bull:above:meta concurrency 0"] {
        let (server, mut hand, taken) = with_family(|server| server.ask::<()>(harm)).await;

        hand.settle(&taken, completed(Keep::ALL)).await;

        assert_eq!(server.ask::<Vec<String>>("LRANGE bull:above:wait 0 -1"), ["p"]);
        assert_eq!(server.ask::<u64>("EXISTS bull:above:marker"), 0, "{harm}");
    }
}

#[tokio::test]
async fn a_parent_of_a_bullmq_5_queue_that_is_paused_is_parked_where_its_resume_finds_it() {
    let (server, mut hand, taken) = with_family(|server| server.ask::<()>("HSET bull:above:meta paused 1 version bullmq:5.81.5")).await;

    hand.settle(&taken, completed(Keep::ALL)).await;

    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:above:paused 0 -1"), ["p"]);
}

#[tokio::test]
async fn a_failed_child_that_leaves_nothing_behind_is_no_longer_waited_for() {
    let (server, mut hand, taken) = with_family(|_| ()).await;

    hand.settle(&taken, Verdict::Failed { reason: "no".to_owned(), trace: None, keep: Keep::NONE }).await;

    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:above:wait 0 -1"), ["p"]);
    assert_eq!(server.ask::<u64>("EXISTS bull:q:c bull:above:p:dependencies"), 0);
}

#[tokio::test]
async fn a_parent_that_was_sent_too_soon_is_a_dead_letter_that_says_so() {
    for (harm, status, part) in [
        ("SADD bull:q:c:dependencies bull:q:x", Settled::ChildrenPending, "not finished"),
        ("SET bull:q:c:dependencies text", Settled::ChildrenPending, "not finished"),
        ("ZADD bull:q:c:unsuccessful 1 bull:q:x", Settled::ChildFailed, "had failed"),
    ] {
        let (server, mut hand, taken) = with_family(|server| server.ask::<()>(harm)).await;

        assert_eq!(hand.settle(&taken, completed(Keep::NONE)).await, [status, Settled::Done]);

        let reason: String = server.ask("HGET bull:q:c failedReason");
        assert!(reason.contains("sent") && reason.contains(part), "{reason}");
        assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:q:failed 0 -1"), ["c"]);
    }
}

#[tokio::test]
async fn what_befell_a_job_without_a_family_while_it_was_sent_is_noticed() {
    let failed_child = "ZADD bull:q:j:unsuccessful 1 bull:q:x";
    for (before, meanwhile, status) in [
        (&[][..], &[failed_child, "HSET bull:q:j defa failed"][..], Settled::ChildFailed),
        // A parent that had failed before its child did, and was retried from the start.
        (&["HSET bull:q:j stacktrace []", failed_child], &[], Settled::ChildFailed),
        // As many fields as a job is made with, but not those.
        (&["HDEL bull:q:j priority"], &[failed_child, "HSET bull:q:j defa failed"], Settled::ChildFailed),
        (
            &["HDEL bull:q:j delay priority", "SADD bull:above:p:dependencies bull:q:j"],
            &["HSET bull:q:j parentKey bull:above:p parent {}"],
            Settled::Done,
        ),
        (&[], &["SADD bull:q:j:dependencies bull:q:x"], Settled::ChildrenPending),
        (&[], &["HSET bull:q:j progress 1"], Settled::Done),
        (&[], &["DEL bull:q:j"], Settled::Missing),
    ] {
        let server = Server::start();
        let mut hand = Hand::new(&server, "none").await;
        hand.queue.add(&[job("j")], Ledger::Skip).await.unwrap();
        for command in before {
            server.ask::<()>(command);
        }
        let taken = hand.take(1).await;
        for command in meanwhile {
            server.ask::<()>(command);
        }

        assert_eq!(hand.settle(&taken, completed(Keep::ALL)).await, [status], "{before:?} {meanwhile:?}");

        let is_adopted = meanwhile.iter().any(|command| command.contains("parentKey"));
        assert_eq!(server.ask::<u64>("HEXISTS bull:above:p:processed bull:q:j") == 1, is_adopted, "whether its parent was told");
    }
}

#[tokio::test]
async fn a_child_fails_its_parent_wherever_that_is_by_now() {
    for (place, runs, says) in [("delayed", true, true), ("active", false, true), ("completed", false, true), ("failed", false, false)] {
        let (server, mut hand, taken) = with_family(|server| {
            server.ask::<()>("HSET bull:q:c parent {\"id\":\"p\",\"queueKey\":\"bull:above\",\"fpof\":true}");
            server.ask::<()>("ZREM bull:above:waiting-children p");
            server.ask::<()>("HSET bull:above:p delay 60000");
            let put = if place == "active" { "LPUSH bull:above:active p".to_owned() } else { format!("ZADD bull:above:{place} 9999 p") };
            server.ask::<()>(&put);
        })
        .await;

        hand.settle(&taken, failed()).await;

        assert_eq!(server.ask::<u64>("LLEN bull:above:wait") == 1, runs, "{place}");
        let deferred = server.ask::<Option<String>>("HGET bull:above:p defa");
        assert_eq!(deferred, says.then(|| "child bull:q:c failed".to_owned()), "{place}");
        assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:above:p:unsuccessful 0 -1"), ["bull:q:c"]);
    }
}
