//! Clocks of producers and workers that are an hour wrong: everything is due by the server's clock.

use super::*;
use crate::support::command::Wq;

const HOUR_MS: i64 = 3_600_000;
/// How wrong the clocks of a producer and of a worker are, in hours.
const CASES: [(i64, i64); 4] = [(1, 0), (-1, 0), (0, 1), (0, -1)];
/// More than a busy machine needs for what is due, far less than an hour.
const AT_ONCE_MS: i64 = 10_000;

/// A command on a machine whose clock is so many hours wrong.
fn wrong_by(hours: i64, server: &Server) -> Wq {
    wq(server).env("WQ_TEST_CLOCK_ERROR_MS", (hours * HOUR_MS).to_string())
}

/// The server's clock.
fn now_ms(server: &Server) -> i64 {
    let parts: Vec<i64> = server.ask("TIME");
    parts[0] * 1000 + parts[1] / 1000
}

fn number(server: &Server, job: &str, field: &str) -> i64 {
    server.ask(&format!("HGET bull:whatsapp:{job} {field}"))
}

#[test]
fn a_clock_can_be_made_wrong_for_the_tests_below() {
    let server = Server::start();

    for (hours, place) in [(1, "behind"), (-1, "ahead of")] {
        let checks = wrong_by(hours, &server).line("doctor --json").run().json();
        let clock = checks["data"].as_array().unwrap().iter().find(|check| check["check"] == "clock").unwrap();
        let detail = clock["detail"].as_str().unwrap();
        let seconds: f64 = detail.split(' ').find_map(|word| word.parse().ok()).unwrap();
        assert!((3_590.0..3_610.0).contains(&seconds) && detail.contains(place), "{clock}");
    }
}

#[test]
fn delays_moments_and_schedules_are_in_time_whatever_the_clocks_say() {
    std::thread::scope(|scope| {
        for (producer, worker) in CASES {
            scope.spawn(move || everything_is_in_time(producer, worker));
        }
    });
}

fn everything_is_in_time(producer: i64, worker: i64) {
    let case = format!("producer {producer} h, worker {worker} h");
    let server = Server::start();
    let receiver = Receiver::start(Duration::ZERO, accept);
    let line = format!("worker --via http --url {} --rate none", receiver.url());
    let worker = wrong_by(worker, &server).line(&line).spawn();
    let produce = |words: &[&str]| wrong_by(producer, &server).args(words).run().exits(0);
    let moment = now_ms(&server) + 3_000;

    produce(&["enqueue", "--data", "{}", "--id", "moment", "--at", &moment.to_string()]);
    produce(&["enqueue", "--data", "{}", "--id", "late", "--delay", "2s"]);
    produce(&["enqueue", "--data", "{}", "--id", "relative", "--at", "in 2s"]);
    produce(&["schedule", "add", "tick", "--every", "700ms", "--limit", "3", "--data", "{}"]);
    produce(&["schedule", "add", "once", "--at", "in 2s", "--data", "{}"]);
    eventually(SOON, &format!("{case}: all are sent; {}", worker.stderr()), || (completed(&server) == 7).then_some(()));

    let is_in_time = |job: &str, due: i64, earliest: i64| {
        let late = number(&server, job, "processedOn") - due;
        println!("{case}: {job} ran {late} ms late");
        assert!((earliest..AT_ONCE_MS).contains(&late), "{case}: {job} ran {late} ms late");
    };
    is_in_time("moment", moment, 0);
    is_in_time("late", number(&server, "late", "timestamp") + 2_000, 0);
    // What `in 2s` means is settled a little before the job is added.
    is_in_time("relative", number(&server, "relative", "timestamp") + 2_000, -AT_ONCE_MS);
    for run in receiver.accepted().iter().filter(|id| id.starts_with("repeat:")) {
        is_in_time(run, run.rsplit(':').next().unwrap().parse().unwrap(), 0);
    }
}

#[test]
fn a_moment_is_past_only_by_the_servers_clock() {
    let server = Server::start();
    let (soon, past) = ((now_ms(&server) + HOUR_MS / 2).to_string(), (now_ms(&server) - HOUR_MS / 2).to_string());

    for hours in [1, -1] {
        let enqueue = |at: &str| wrong_by(hours, &server).args(["enqueue", "--data", "{}", "--at", at]).run();
        enqueue(&soon).exits(0);
        enqueue(&past).exits(2).stderr_has("which is past");
    }

    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:delayed"), 2);
}

#[test]
fn a_message_expires_by_the_servers_clock() {
    for (producer, worker) in CASES {
        let case = format!("producer {producer} h, worker {worker} h");
        let server = Server::start();
        let receiver = Receiver::start(Duration::ZERO, accept);
        for (id, expires) in [("lasting", "10m"), ("passing", "1ms")] {
            let words = ["enqueue", "--data", "{}", "--id", id, "--expires", expires];
            wrong_by(producer, &server).args(words).run().exits(0);
        }

        let line = format!("worker --via http --url {} --rate none --until-empty", receiver.url());
        wrong_by(worker, &server).line(&line).run().exits(0);

        assert_eq!(receiver.accepted(), ["lasting"], "{case}");
        let reason: String = server.ask("HGET bull:whatsapp:passing failedReason");
        assert!(reason.starts_with("expired: "), "{case}: {reason}");
    }
}

#[test]
fn workers_whose_clocks_differ_by_two_hours_keep_to_one_pace() {
    const JOBS: usize = 60;
    let server = Server::start();
    let receiver = Receiver::start(Duration::ZERO, accept);
    add(&server, (0..JOBS).map(|n| format!("j{n}")), "{}");
    let line = format!("worker --via http --url {} --rate 10/s", receiver.url());

    let _workers = [1, -1].map(|hours| wrong_by(hours, &server).line(&line).spawn());

    eventually(SOON, "all are sent", || (receiver.accepted().len() == JOBS).then_some(()));
    let times: Vec<Instant> = receiver.requests().iter().map(|request| request.at).collect();
    let took = *times.last().unwrap() - times[0];
    // Ten a second take 5.9 s; a burst, or two paces, would take half of that or nothing.
    assert!((Duration::from_millis(5_500)..SOON).contains(&took), "{took:?}");
    assert!(receiver.busiest(Duration::from_millis(900)) <= 12, "{} in some 900 ms", receiver.busiest(Duration::from_millis(900)));
    assert_eq!(completed(&server), JOBS as u64);
}

#[test]
fn a_worker_an_hour_ahead_or_behind_lets_the_living_be_and_takes_over_from_the_dead() {
    const CONCURRENCY: usize = 5;
    for hours in [1, -1] {
        let server = Server::start();
        let receiver = Receiver::start(Duration::from_millis(100), accept);
        add(&server, (0..300).map(|n| format!("j{n}")), "{}");
        let line = format!("worker --via http --url {} --rate none --concurrency {CONCURRENCY}", receiver.url());
        let mut doomed = wq(&server).line(&line).spawn();
        let other = wrong_by(hours, &server).line(&line).spawn();
        let held = || server.ask::<usize>("HLEN wq:bull:whatsapp:held");

        eventually(SOON, "both have been at it for some sweeps", || (receiver.requests().len() > 150).then_some(()));
        assert_eq!(held(), 0, "{hours} h: nobody alive was taken for dead; {}", other.stderr());
        doomed.kill();

        let left = || server.ask::<u64>("EXISTS bull:whatsapp:wait bull:whatsapp:active bull:whatsapp:prioritized");
        eventually(SOON, &format!("{hours} h: all is done; {}", other.stderr()), || (left() == 0).then_some(()));
        let held = held();
        assert!((1..=CONCURRENCY).contains(&held), "{hours} h: {held} held");
        assert_eq!(usize::try_from(completed(&server)).unwrap() + held, 300, "{hours} h");
        assert!(accepted(&receiver, "clocks").values().all(|times| *times == 1), "{hours} h: sent twice");
    }
}
