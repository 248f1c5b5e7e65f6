//! Changes of all jobs of a state at once.

use std::time::Duration;

use wq::core::model::job::{JobOptions, NewJob, Start};
use wq::core::model::state::JobState;
use wq::core::store::{Ledger, RetryRules, Swept};

use super::{job_with, queue};
use crate::support::Server;

fn delayed(id: &str) -> NewJob {
    job_with(id, JobOptions { start: Start::After(Duration::from_hours(1)), ..JobOptions::default() })
}

#[tokio::test]
async fn all_delayed_jobs_are_promoted_in_the_order_in_which_they_are_due() {
    let server = Server::start();
    let queue = queue(&server).await;
    for batch in (0..1500).collect::<Vec<_>>().chunks(500) {
        let jobs: Vec<NewJob> = batch.iter().map(|n| delayed(&format!("j{n:04}"))).collect();
        queue.add(&jobs, Ledger::Skip).await.unwrap();
    }

    let swept = queue.promote_all(u64::MAX, 3).await.unwrap();

    assert_eq!((swept.changed, swept.left, swept.first), (1500, 0, ["j0000", "j0001", "j0002"].map(str::to_owned).to_vec()));
    let waiting: Vec<String> = server.ask("LRANGE bull:q:wait 0 -1");
    assert!(waiting.iter().rev().cloned().eq((0..1500).map(|n| format!("j{n:04}"))));
}

#[tokio::test]
async fn ids_without_a_job_are_passed_over_and_counted() {
    let server = Server::start();
    let queue = queue(&server).await;
    let jobs: Vec<NewJob> = (0..5).map(|n| job_with(&format!("j{n}"), JobOptions::default())).collect();
    queue.add(&jobs, Ledger::Skip).await.unwrap();
    server.ask::<()>("DEL bull:q:wait");
    for id in ["j0", "gone-1", "j1", "gone-2", "j2"] {
        server.ask::<()>(&format!("ZADD bull:q:failed 1000 {id}"));
    }
    server.ask::<()>("ZADD bull:q:failed 9999999999999 j4");

    let one = queue.retry_all(JobState::Failed, RetryRules::default(), 2, 10).await.unwrap();
    let rest = queue.retry_all(JobState::Failed, RetryRules::default(), u64::MAX, 10).await.unwrap();

    assert_eq!(one, Swept { changed: 0, left: 2, held: 0, first: Vec::new() });
    assert_eq!(rest, Swept { changed: 3, left: 2, held: 0, first: ["j0", "j1", "j2"].map(str::to_owned).to_vec() });
    assert_eq!(server.ask::<Vec<String>>("ZRANGE bull:q:failed 0 -1"), ["gone-1", "gone-2", "j4"]);
}
