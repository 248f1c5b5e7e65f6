//! A provider that asks for less: the pace of all workers is halved, and recovers.

use std::time::Duration;

use super::{Hand, add, job, take_rules};
use crate::support::{Server, wq};

async fn gap(hand: &mut Hand) -> Option<Duration> {
    hand.take(1).await.pace.map(|pace| pace.gap)
}

async fn hand(server: &Server, rate: &str) -> Hand {
    let hand = Hand::new(server, take_rules(rate, None)).await;
    add(&hand.queue, &(0..20).map(|n| job(&format!("j{n}"), "{}")).collect::<Vec<_>>()).await;
    hand
}

#[tokio::test]
async fn a_word_of_the_provider_halves_the_pace_of_every_worker() {
    let server = Server::start();
    let (mut one, mut two) = (hand(&server, "100/s").await, hand(&server, "100/s").await);
    let before = gap(&mut one).await.unwrap();

    assert_eq!(one.queue.slow_down(3, Duration::from_secs(1)).await.unwrap(), 500);

    assert_eq!(before, Duration::from_micros(10_200));
    for hand in [&mut one, &mut two] {
        let after = gap(hand).await.unwrap();
        // It has begun to recover already.
        assert!(after > Duration::from_millis(19) && after <= Duration::from_micros(20_400), "{after:?}");
    }
}

#[tokio::test]
async fn many_words_at_once_halve_it_once_and_later_ones_again() {
    let server = Server::start();
    let hand = hand(&server, "100/s").await;
    let slow_down = async || hand.queue.slow_down(3, Duration::from_secs(1)).await.unwrap();

    let first = [slow_down().await, slow_down().await, slow_down().await];
    let a_minute_ago = hand.queue.server_now().await.unwrap() - 60_000;
    server.ask::<()>(&format!("HSET wq:bull:whatsapp:rate tempo 500 tempo_since {a_minute_ago}"));
    let later = slow_down().await;

    assert!(first.iter().all(|thousandths| (500..=510).contains(thousandths)), "{first:?}");
    assert!((300..=310).contains(&later), "a tenth came back, then half of that: {later}");
}

#[tokio::test]
async fn the_pace_is_whole_again_after_ten_minutes_at_most() {
    let server = Server::start();
    let mut hand = hand(&server, "100/s").await;
    let ago = hand.queue.server_now().await.unwrap() - 300_000;

    server.ask::<()>(&format!("HSET wq:bull:whatsapp:rate tempo 250 tempo_since {ago}"));
    let recovering = gap(&mut hand).await.unwrap();
    server.ask::<()>("HSET wq:bull:whatsapp:rate tempo 500");
    let whole = gap(&mut hand).await.unwrap();

    assert!(recovering > Duration::from_micros(13_500) && recovering <= Duration::from_micros(13_600), "{recovering:?}");
    assert_eq!(whole, Duration::from_micros(10_200));
    assert_eq!(hand.queue.overview().await.unwrap().tempo, None);
}

#[tokio::test]
async fn without_any_rate_half_of_what_was_seen_holds() {
    let server = Server::start();
    let mut hand = hand(&server, "none").await;
    assert_eq!(gap(&mut hand).await, None);

    hand.queue.slow_down(20, Duration::from_secs(1)).await.unwrap();

    let after = gap(&mut hand).await.unwrap();
    assert!(after > Duration::from_millis(100) && after <= Duration::from_millis(102), "(1 s + 20 ms of slack) / 10: {after:?}");
}

#[tokio::test]
async fn metrics_tell_it_and_a_rate_that_is_taken_away_leaves_it() {
    let server = Server::start();
    let hand = hand(&server, "none").await;
    hand.queue.set_rate("100/s".parse().ok()).await.unwrap();
    hand.queue.slow_down(20, Duration::from_secs(1)).await.unwrap();

    wq(&server).line("metrics -o table").run().exits(0).stdout_has("100/s, at 50 % since the provider asked for less");
    hand.queue.set_rate(None).await.unwrap();

    let metrics = wq(&server).line("metrics --json").run().exits(0).json();
    assert_eq!((&metrics["data"]["rate"], &metrics["data"]["tempo_percent"]), (&serde_json::Value::Null, &50.into()));
}
