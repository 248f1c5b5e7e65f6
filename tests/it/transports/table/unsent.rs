//! What is never sent: messages that another program put into the queue and that no provider may see, and a campaign into a country
//! that is closed to it.

use wq::core::model::job::{JobOptions, NewJob};
use wq::core::store::{Ledger, Queue};

use super::meta::error;
use super::{BOTH, By, beside, worker_line};
use crate::support::{Server, wq};
use crate::transports::peer::{Peer, Reply};
use crate::transports::{cloud, evolution};
use wq::core::model::state::JobState;
use wq::core::store::connect::ServerAddress;

async fn whatsapp(server: &Server) -> Queue {
    let link = ServerAddress::parse(&server.url()).unwrap().connect_once().await.unwrap();
    Queue::open(&link, &"bull".parse().unwrap(), &"whatsapp".parse().unwrap()).unwrap()
}

async fn add(queue: &Queue, all: impl IntoIterator<Item = (String, String)>) {
    let new = |(id, data)| NewJob { id, name: "send".to_owned(), data, options: JobOptions { attempts: 3, ..JobOptions::default() } };
    queue.add(&all.into_iter().map(new).collect::<Vec<_>>(), Ledger::Skip).await.unwrap();
}

async fn work(by: By, server: &Server, peer: &Peer, flags: &str) {
    let line = format!("{} --until-empty --per-recipient none{flags}", worker_line(by, &peer.url("")));
    let worker = wq(server).env("WQ_CLOUD_TOKEN", super::SECRET).env("WQ_EVOLUTION_KEY", super::SECRET).line(&line);
    beside(move || worker.run().exits(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_can_not_be_right_is_a_dead_letter_of_one_clear_line_and_nothing_is_sent() {
    let long = "x".repeat(4097);
    let to = |rest: &str| format!(r#"{{"to":"+34600111222",{rest}}}"#);
    let template = |parts: &str| to(&format!(r#""template":{{"name":"cita","language":"es","components":[{parts}]}}"#));
    let cases = [
        (to(&format!(r#""text":"{long}""#)), "invalid_payload: text: the text is 4097 characters long; WhatsApp takes at most 4096"),
        (to(r#""text":"""#), "invalid_payload: text: "),
        (to(r#""text":" \n ""#), "invalid_payload: text: "),
        (r#"{"text":"Hola"}"#.to_owned(), "invalid_payload: to: missing"),
        (r#"{"to":"+34600","text":"Hola"}"#.to_owned(), "invalid_payload: to: "),
        (template(r#"{"type":"body","parameters":[{"type":"text"}]}"#), "invalid_payload: template.components[0].parameters[0].text: "),
        (
            template(r#"{"type":"body","parameters":[{"type":"text","text":""}]}"#),
            "invalid_payload: template.components[0].parameters[0].text: ",
        ),
        (to(r#""template":{"name":"","language":"es"}"#), "invalid_payload: template.name: "),
        (to(r#""template":{"name":"cita"}"#), "invalid_payload: template.language: missing"),
        (to(r#""media":{"kind":"image","url":"file:///etc/passwd"}"#), "invalid_payload: media.url: must begin with https://"),
        (to(r#""media":{"kind":"image","url":"https://127.0.0.1/a.png"}"#), "invalid_payload: media.url: leads into a private network"),
        (to(r#""media":{"kind":"image","url":"https://[::ffff:10.0.0.1]/a.png"}"#), "invalid_payload: media.url: leads into a private"),
        (to(r#""media":{"kind":"image","url":"https://169.254.169.254/a"}"#), "invalid_payload: media.url: leads into a private network"),
        (to(r#""text":"Hola","expires":1"#), "expired: "),
        ("{}".to_owned(), "invalid_payload: "),
    ];
    for by in BOTH {
        let server = Server::start();
        let peer = Peer::start(|_| Reply::Say(503, vec![], Vec::new())).await;
        let queue = whatsapp(&server).await;
        add(&queue, cases.iter().enumerate().map(|(n, (data, _))| (format!("j{n}"), data.clone()))).await;

        work(by, &server, &peer, "").await;

        for (number, (data, reason)) in cases.iter().enumerate() {
            let job = queue.job(&format!("j{number}")).await.unwrap().unwrap();
            let told = job.failed_reason.unwrap_or_default();
            assert!(told.starts_with(reason), "{by:?} {told:?} is not {reason:?}");
            assert!(!told.contains('\n') && !told.contains("600111222") && told.len() < 300, "{told:?}");
            assert_eq!(job.state, Some(JobState::Failed), "{by:?} {data:.100}");
        }
        assert!(peer.seen().is_empty(), "{by:?} sent {:?}", peer.seen());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_campaign_whose_recipients_are_all_in_a_closed_country_steps_aside_and_others_go_on() {
    for by in BOTH {
        let server = Server::start();
        let (status, accepted) = if by == By::Cloud { (200, cloud::ACCEPTED) } else { (201, evolution::ACCEPTED) };
        let refused = if by == By::Cloud { 403 } else { 201 };
        let peer = Peer::answering(move |seen, _| {
            let is_spain = String::from_utf8_lossy(&seen.body).contains("34600111");
            if is_spain {
                Reply::Say(refused, vec![], error(by, 130_497).into_bytes())
            } else {
                Reply::Say(status, vec![], accepted.into())
            }
        })
        .await;
        let queue = whatsapp(&server).await;
        let message = |to: String, campaign: &str| format!(r#"{{"to":"{to}","text":"Hola","campaign":"{campaign}"}}"#);
        let spain = |n: usize| format!("+346001112{n:02}");
        let closed = (0..25).map(|n| (format!("closed{n:02}"), message(spain(n), "bf26")));
        let mixed = (0..25).map(|n| (format!("mixed{n:02}"), message(if n == 0 { "+5511987650000".to_owned() } else { spain(n) }, "all")));
        add(&queue, closed.chain(mixed)).await;

        work(by, &server, &peer, " --concurrency 1").await;

        let overview = queue.overview().await.unwrap();
        let (mut dead, mut aside) = (0, 0);
        for n in 0..25 {
            let job = queue.job(&format!("closed{n:02}")).await.unwrap().unwrap();
            let is_dead = job.state == Some(JobState::Failed);
            (dead, aside) = (dead + usize::from(is_dead), aside + usize::from(job.state == Some(JobState::Delayed)));
            assert_eq!(job.attempts_made, u32::from(is_dead), "{job:?}");
        }
        assert_eq!((dead, aside), (21, 4), "{by:?} {overview:?}");
        assert_eq!(overview.asides.len(), 1, "{overview:?}");
        assert_eq!((overview.asides[0].key.as_str(), overview.asides[0].jobs), ("campaign:bf26", 4));
        let reason = "21 recipients in +34 were refused and nobody else got it, the last one: country_not_allowed:130497 (#130497) said";
        assert_eq!(overview.asides[0].reason, reason);
        assert_eq!((overview.counts.completed, overview.counts.failed), (1, 21 + 24), "{by:?} the mixed campaign lost its Spaniards alone");
    }
}
