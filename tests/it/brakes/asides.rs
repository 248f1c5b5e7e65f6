//! Campaigns and templates that step aside while the rest of the queue goes on.

use wq::core::model::aside::Aside;
use wq::core::model::state::JobState;
use wq::core::store::settle::Verdict;

use super::{Hand, add, job, take_rules};
use crate::support::{Server, wq};

fn bf26() -> Aside {
    Aside::Campaign("bf26".to_owned())
}

fn of_campaign(name: &str) -> String {
    format!(r#"{{"to":"+34600111222","text":"Hola","campaign":"{name}"}}"#)
}

async fn hand(server: &Server) -> Hand {
    Hand::new(server, take_rules("none", None)).await
}

#[tokio::test]
async fn jobs_of_a_campaign_that_stepped_aside_let_the_others_pass_and_return_in_their_order() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    let (bf26_data, other) = (of_campaign("bf26"), of_campaign("other"));
    let jobs: Vec<_> = (0..1200).map(|n| job(&format!("j{n}"), if n % 400 == 7 { &other } else { &bf26_data })).collect();
    add(&hand.queue, &jobs).await;
    assert!(hand.queue.set_aside(&bf26(), "why", "w1").await.unwrap());
    assert!(!hand.queue.set_aside(&bf26(), "again", "w2").await.unwrap());

    let others = hand.collect(3).await;
    assert!(hand.ids(10).await.is_empty());
    let told = hand.queue.list_aside().await.unwrap();
    let back = hand.queue.return_aside(&bf26()).await.unwrap().unwrap();
    let returned = hand.collect(1197).await;

    assert_eq!(others, ["j7", "j407", "j807"]);
    assert_eq!((told[0].key.as_str(), told[0].reason.as_str(), told[0].by.as_str(), told[0].jobs), ("campaign:bf26", "why", "w1", 1197));
    assert_eq!((back.jobs, back.reason.as_str()), (1197, "why"));
    let expected: Vec<String> = (0..1200).filter(|n| n % 400 != 7).map(|n| format!("j{n}")).collect();
    assert_eq!(returned, expected);
    assert_eq!(hand.queue.return_aside(&bf26()).await.unwrap(), None);
}

#[tokio::test]
async fn boards_see_them_as_delayed_and_no_attempt_is_burnt() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    add(&hand.queue, &[job("a", &of_campaign("bf26"))]).await;
    let taken = hand.take(1).await;

    hand.queue.set_aside(&bf26(), "why", "w1").await.unwrap();
    hand.settle(&taken.jobs[0], Verdict::Release).await;
    assert!(hand.ids(1).await.is_empty());

    let aside = hand.queue.job("a").await.unwrap().unwrap();
    assert_eq!((aside.state, aside.attempts_made), (Some(JobState::Delayed), 0));
    assert!(!hand.queue.has_work_left().await.unwrap(), "nothing of it runs by itself");
}

#[tokio::test]
async fn a_template_steps_aside_in_its_language_alone() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    let template = |language: &str| format!(r#"{{"to":"+34600111222","template":{{"name":"cita","language":"{language}"}}}}"#);
    add(&hand.queue, &[job("es", &template("es")), job("pt", &template("pt_BR"))]).await;
    let cita = Aside::Template { name: "cita".to_owned(), language: "es".to_owned() };
    hand.queue.set_aside(&cita, "paused by Meta", "w1").await.unwrap();

    assert_eq!(hand.ids(9).await, ["pt"]);
    assert_eq!(hand.queue.return_aside(&cita).await.unwrap().unwrap().jobs, 1);
    assert_eq!(hand.ids(9).await, ["es"]);
}

#[tokio::test]
async fn a_job_that_somebody_removed_or_promoted_does_not_return_twice() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    let data = of_campaign("bf26");
    add(&hand.queue, &[job("a", &data), job("b", &data), job("c", &data)]).await;
    hand.queue.set_aside(&bf26(), "why", "w1").await.unwrap();
    assert!(hand.ids(9).await.is_empty());

    hand.queue.remove(&["a".to_owned()]).await.unwrap();
    hand.queue.promote(&["b".to_owned()]).await.unwrap();
    assert_eq!(hand.queue.list_aside().await.unwrap()[0].jobs, 1, "b stands in line and a is gone");
    let back = hand.queue.return_aside(&bf26()).await.unwrap().unwrap();

    assert_eq!(back.jobs, 1);
    assert_eq!(hand.ids(9).await, ["b", "c"]);
    assert_eq!(server.ask::<u64>("EXISTS wq:bull:whatsapp:aside wq:bull:whatsapp:aside:campaign:bf26"), 0);
}

#[tokio::test]
async fn metrics_tell_and_resume_brings_back() {
    let server = Server::start();
    let mut hand = hand(&server).await;
    add(&hand.queue, &[job("a", &of_campaign("bf26")), job("b", &of_campaign("bf26"))]).await;
    hand.queue.set_aside(&bf26(), "template_paused:132015 low quality", "w1").await.unwrap();
    assert!(hand.ids(9).await.is_empty());

    let metrics = wq(&server).line("metrics --json").run().exits(0).json();
    let aside = &metrics["data"]["asides"][0];
    assert_eq!((&aside["what"], &aside["jobs"]), (&"campaign:bf26".into(), &2.into()));
    wq(&server)
        .line("metrics -o table")
        .run()
        .exits(0)
        .stdout_has("2 jobs  template_paused:132015 low quality")
        .stdout_has("stepped aside");
    wq(&server).line("resume --campaign nope").run().exits(4).stderr_has("campaign:nope has not stepped aside");
    wq(&server).line("resume --template cita").run().exits(2);
    let dry = wq(&server).line("resume --campaign bf26 --dry-run --json").run().exits(0).json();
    assert_eq!(dry["data"][0]["jobs"], 2);

    let back = wq(&server).line("resume --campaign bf26 --json").run().exits(0).json();

    assert_eq!([&back["data"][0]["what"], &back["data"][0]["reason"]], ["campaign:bf26", "template_paused:132015 low quality"]);
    assert_eq!(hand.ids(9).await, ["a", "b"]);
}
