//! The reason beside BullMQ's pause flag: who may write it, who may end it, and who sees it.

use std::time::Duration;

use wq::core::model::outage::{Outage, OutageEnd};
use wq::core::store::standstill::{Paused, Turn};

use super::outages::until;
use super::whatsapp;
use crate::support::{Server, eventually, wq};

const TURN: Duration = Duration::from_secs(30);

fn outage(class: &'static str, end: OutageEnd) -> Outage {
    Outage { class, reason: format!("{class} happened"), end }
}

#[tokio::test]
async fn a_second_workers_same_outage_changes_nothing() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    let disconnected = outage("instance_disconnected", OutageEnd::Probe);

    let first = queue.pause_for(&disconnected, "w1", Duration::from_secs(5), None).await.unwrap();
    let before = queue.overview().await.unwrap().standstill.unwrap();
    let second = queue.pause_for(&disconnected, "w2", Duration::from_secs(5), None).await.unwrap();

    assert_eq!((first, second), (Paused::Now, Paused::Before));
    assert_eq!(queue.overview().await.unwrap().standstill, Some(before.clone()));
    assert_eq!((before.class.as_str(), before.by.as_str(), before.end), ("instance_disconnected", "w1", OutageEnd::Probe));
    assert_eq!(before.next_probe, Some(before.since + 5000));
}

#[tokio::test]
async fn an_outage_that_needs_a_person_takes_the_place_of_one_that_does_not() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    queue.pause_for(&outage("instance_disconnected", OutageEnd::Probe), "w1", Duration::ZERO, None).await.unwrap();

    let worse = queue.pause_for(&outage("auth", OutageEnd::ByHand), "w2", Duration::ZERO, None).await.unwrap();
    let better = queue.pause_for(&outage("unreachable", OutageEnd::Probe), "w1", Duration::ZERO, None).await.unwrap();

    assert_eq!((worse, better), (Paused::ForPerson, Paused::Before));
    let standstill = queue.overview().await.unwrap().standstill.unwrap();
    assert_eq!((standstill.class.as_str(), standstill.end, standstill.next_probe), ("auth", OutageEnd::ByHand, None));
    assert_eq!(queue.claim_probe("p", TURN).await.unwrap(), Turn::ByHand);
}

#[tokio::test]
async fn a_persons_pause_is_never_ended_by_a_probe() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    let disconnected = outage("instance_disconnected", OutageEnd::Probe);

    // by wq, by Node, and by wq on top of an outage
    queue.pause().await.unwrap();
    assert_eq!(queue.pause_for(&disconnected, "w1", Duration::ZERO, None).await.unwrap(), Paused::Before);
    assert_eq!(queue.claim_probe("p", TURN).await.unwrap(), Turn::ByHand);
    queue.resume().await.unwrap();
    server.ask::<()>("HSET bull:whatsapp:meta paused 1");
    assert_eq!(queue.pause_for(&disconnected, "w1", Duration::ZERO, None).await.unwrap(), Paused::Before);
    assert_eq!(queue.claim_probe("p", TURN).await.unwrap(), Turn::ByHand);
    queue.resume().await.unwrap();
    queue.pause_for(&disconnected, "w1", Duration::ZERO, None).await.unwrap();
    assert!(matches!(queue.claim_probe("p", TURN).await.unwrap(), Turn::Yours { .. }));
    queue.pause().await.unwrap();

    assert_eq!(queue.probe_passed("p", false).await.unwrap(), Turn::ByHand);
    assert!(queue.counts().await.unwrap().paused);
    assert_eq!(queue.overview().await.unwrap().standstill.unwrap().reason, "instance_disconnected happened");
}

#[tokio::test]
async fn a_person_who_pauses_during_an_outage_is_told_and_its_end_changes_nothing() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    queue.pause_for(&outage("instance_disconnected", OutageEnd::Probe), "w1", Duration::ZERO, None).await.unwrap();
    assert!(matches!(queue.claim_probe("p", TURN).await.unwrap(), Turn::Yours { .. }));

    wq(&server).line("pause --dry-run").run().exits(0).stdout_has("stands still for an outage; would be paused by hand too");
    wq(&server).line("pause").run().exits(0).stdout_has("paused by hand too, and only wq resume lets it go on");
    wq(&server).line("pause").run().exits(0).stdout_has("was paused already");

    assert_eq!(queue.probe_passed("p", false).await.unwrap(), Turn::ByHand);
    let standstill = queue.overview().await.unwrap().standstill.unwrap();
    assert_eq!((standstill.class.as_str(), standstill.end), ("instance_disconnected", OutageEnd::ByHand));
    assert!(standstill.by_hand_since >= Some(standstill.since));
    wq(&server).line("metrics -o table").run().exits(0).stdout_has("instance_disconnected happened; paused by hand too: wq resume");
    let resumed = wq(&server).line("resume --json").run().exits(0).json();
    assert!(resumed["data"][0]["was"]["by_hand_since"].is_string(), "{resumed}");
}

#[tokio::test]
async fn one_worker_asks_at_a_time_and_it_is_counted_how_often() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    queue.pause_for(&outage("unreachable", OutageEnd::Probe), "w1", Duration::ZERO, None).await.unwrap();

    for (turn, asked) in [("p0", 0), ("p1", 1), ("p2", 2)] {
        let claim = async || match queue.claim_probe(turn, TURN).await.unwrap() {
            Turn::Yours { probes, .. } => Some(probes),
            _ => None,
        };
        let probes = until("the pause ends", claim).await;
        assert_eq!(probes, asked);
        assert!(matches!(queue.claim_probe("other", TURN).await.unwrap(), Turn::Later(wait) if wait > Duration::from_secs(25)));
        assert_eq!(queue.probe_failed("other", Duration::ZERO, None).await.unwrap(), Turn::Lost);
        let pause = Duration::from_millis(20);
        assert_eq!(queue.probe_failed(turn, pause, None).await.unwrap(), Turn::Later(pause));
        assert!(matches!(queue.claim_probe("too soon", TURN).await.unwrap(), Turn::Later(wait) if wait <= pause));
    }
}

#[tokio::test]
async fn whoever_asks_and_dies_is_followed_by_another() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    let short = Duration::from_millis(30);
    queue.pause_for(&outage("unreachable", OutageEnd::Probe), "w1", Duration::ZERO, None).await.unwrap();
    assert!(matches!(queue.claim_probe("dies", short).await.unwrap(), Turn::Yours { .. }));

    tokio::time::sleep(Duration::from_millis(40)).await;

    assert!(matches!(queue.claim_probe("lives", short).await.unwrap(), Turn::Yours { .. }));
    assert_eq!(queue.probe_passed("dies", false).await.unwrap(), Turn::Lost);
    assert_eq!(queue.probe_passed("lives", false).await.unwrap(), Turn::Resumed);
    assert!(!queue.counts().await.unwrap().paused);
}

#[tokio::test]
async fn what_a_provider_says_meanwhile_becomes_the_reason() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    queue.pause_for(&outage("instance_disconnected", OutageEnd::Probe), "w1", Duration::ZERO, None).await.unwrap();
    assert!(matches!(queue.claim_probe("p", TURN).await.unwrap(), Turn::Yours { .. }));

    let answer = queue.probe_failed("p", Duration::ZERO, Some(&outage("banned", OutageEnd::ByHand))).await.unwrap();

    assert_eq!(answer, Turn::ByHand);
    let standstill = queue.overview().await.unwrap().standstill.unwrap();
    assert_eq!((standstill.class.as_str(), standstill.end), ("banned", OutageEnd::ByHand));
}

#[tokio::test]
async fn a_provider_that_says_three_times_it_is_back_and_never_is_is_left_to_a_person() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    let disconnected = outage("instance_disconnected", OutageEnd::Probe);
    let fails_again = async |last_success: Option<Duration>| {
        queue.pause_for(&disconnected, "w1", Duration::ZERO, last_success).await.unwrap();
        let standstill = queue.overview().await.unwrap().standstill.unwrap();
        if standstill.end == OutageEnd::Probe {
            assert!(matches!(queue.claim_probe("p", TURN).await.unwrap(), Turn::Yours { .. }));
            assert_eq!(queue.probe_passed("p", false).await.unwrap(), Turn::Resumed);
        }
        standstill
    };

    // the first outage, two relapses, a message sent in between, and three more relapses
    for _ in 0..3 {
        assert_eq!(fails_again(None).await.end, OutageEnd::Probe);
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(fails_again(Some(Duration::ZERO)).await.end, OutageEnd::Probe);
    for _ in 0..2 {
        assert_eq!(fails_again(Some(Duration::from_hours(1))).await.end, OutageEnd::Probe);
    }
    let stuck = fails_again(None).await;

    assert_eq!(stuck.end, OutageEnd::ByHand);
    assert!(stuck.reason.contains("stuck instance, restart it"), "{}", stuck.reason);
}

#[tokio::test]
async fn a_reason_that_node_resumed_away_is_seen_by_nobody() {
    let server = Server::start();
    let queue = whatsapp(&server).await;
    queue.pause_for(&outage("unreachable", OutageEnd::Probe), "w1", Duration::ZERO, None).await.unwrap();
    server.ask::<()>("HDEL bull:whatsapp:meta paused");

    assert_eq!(queue.overview().await.unwrap().standstill, None);
    assert_eq!(queue.claim_probe("p", TURN).await.unwrap(), Turn::Running);
    assert!(!server.ask::<bool>("EXISTS wq:bull:whatsapp:pause"));
}

#[tokio::test]
async fn metrics_and_resume_say_what_was_wrong() {
    let server = Server::start();
    whatsapp(&server).await.pause_for(&outage("auth", OutageEnd::ByHand), "w1", Duration::ZERO, None).await.unwrap();

    let metrics = wq(&server).line("metrics --json").run().exits(0).json();
    let pause = &metrics["data"]["pause"];
    assert_eq!([&pause["class"], &pause["reason"], &pause["ends"], &pause["by"]], ["auth", "auth happened", "by_hand", "w1"]);
    wq(&server).line("metrics -o table").run().exits(0).stdout_has("paused, auth: auth happened; put it right, then: wq resume");
    wq(&server).line("queues list -o table").run().exits(0).stdout_has("auth happened");

    let resumed = wq(&server).line("resume --json").run().exits(0).json();

    assert_eq!(resumed["data"][0]["change"], "resumed; it was auth: auth happened");
    assert_eq!(resumed["data"][0]["was"]["class"], "auth");
    eventually(Duration::from_secs(5), "nothing of it is left", || {
        (server.ask::<u64>("EXISTS wq:bull:whatsapp:pause wq:bull:whatsapp:relapses") == 0).then_some(())
    });
    wq(&server).line("resume").run().exits(0).stdout_has("was running already");
}
