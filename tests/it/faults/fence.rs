//! Nothing is sent twice: what may have been sent when a worker, a connection or an answer was lost is held, and only that.

use super::*;

fn held(server: &Server) -> usize {
    server.ask("HLEN wq:bull:whatsapp:held")
}

fn is_done(server: &Server) -> bool {
    let lists = ["wait", "active"].map(|list| server.ask::<u64>(&format!("LLEN bull:whatsapp:{list}")));
    let sets = ["prioritized", "delayed"].map(|set| server.ask::<u64>(&format!("ZCARD bull:whatsapp:{set}")));
    lists.iter().chain(&sets).sum::<u64>() == 0
}

fn doubled(receiver: &Receiver) -> usize {
    accepted(receiver, "fence").values().filter(|times| **times > 1).count()
}

fn line(receiver: &Receiver, more: &str) -> String {
    let flags = format!("worker --via http --url {} --rate none {more}", receiver.url());
    flags.trim_end().to_owned()
}

#[test]
fn of_a_killed_worker_only_what_it_was_sending_is_held_and_nothing_is_sent_twice() {
    const CONCURRENCY: usize = 10;
    let server = Server::start();
    let receiver = Receiver::start(Duration::from_millis(50), accept);
    add(&server, (0..400).map(|n| format!("j{n}")), "{}");
    let line = line(&receiver, "--concurrency 10");
    let mut doomed = wq(&server).line(&line).spawn();
    let _other = wq(&server).line(&line).spawn();

    eventually(SOON, "both send", || (receiver.requests().len() > 60).then_some(()));
    doomed.kill();

    eventually(SOON * 2, "nothing is left to do", || is_done(&server).then_some(()));
    let held = held(&server);
    assert!((1..=CONCURRENCY).contains(&held), "{held} held");
    assert_eq!((doubled(&receiver), usize::try_from(completed(&server)).unwrap() + held), (0, 400));
    assert_eq!(server.ask::<usize>("ZCARD bull:whatsapp:failed"), held);
    is_sound(&server);
}

#[test]
fn a_worker_that_stood_still_sends_nothing_twice_and_its_late_word_settles_what_was_held() {
    let server = Server::start();
    let receiver = Receiver::start(Duration::from_secs(1), accept);
    add(&server, (0..5).map(|n| format!("j{n}")), "{}");
    let frozen = wq(&server).line(&line(&receiver, "")).spawn();
    eventually(SOON, "five are being sent", || (receiver.requests().len() == 5).then_some(()));
    frozen.signal("STOP");
    let _other = wq(&server).line(&line(&receiver, "")).spawn();
    eventually(SOON, "the other one lives", || (server.ask::<u64>("HLEN wq:bull:whatsapp:beat") == 2).then_some(()));

    // As if its host had gone: only the server's own end of the connection tells.
    server.ask::<u64>("CLIENT KILL TYPE pubsub");
    eventually(SOON * 2, "what it was sending is held", || (held(&server) == 5).then_some(()));
    frozen.signal("CONT");

    eventually(SOON, "its word settles them", || (completed(&server) == 5).then_some(()));
    assert_eq!((held(&server), doubled(&receiver)), (0, 0));
    add(&server, (5..20).map(|n| format!("j{n}")), "{}");
    eventually(SOON, "both go on", || (completed(&server) == 20).then_some(()));
    assert_eq!(doubled(&receiver), 0);
}

#[test]
fn a_message_without_an_answer_is_held_and_the_others_go_on() {
    let server = Server::start();
    let unanswered = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&unanswered);
    let receiver = Receiver::start(Duration::ZERO, move |request| {
        if request.id().ends_with('7') {
            counter.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_secs(20));
        }
        accept(request)
    });
    add(&server, (0..50).map(|n| format!("j{n}")), "{}");

    wq(&server).line(&line(&receiver, "--until-empty --send-timeout 1s")).run().exits(0).stderr_has("5 held");

    let mut ids: Vec<String> = server.ask("HKEYS wq:bull:whatsapp:held");
    ids.sort();
    assert_eq!(ids, ["j17", "j27", "j37", "j47", "j7"]);
    assert_eq!((completed(&server), doubled(&receiver), unanswered.load(Ordering::SeqCst)), (45, 0, 5));
    let reason: String = server.ask("HGET bull:whatsapp:j7 failedReason");
    assert!(reason.starts_with("uncertain: no answer from 127.0.0.1:"), "{reason}");
}

#[test]
fn the_second_signal_cuts_off_what_is_being_sent_and_holds_it() {
    let server = Server::start();
    let receiver = Receiver::start(Duration::from_mins(1), accept);
    add(&server, (0..20).map(|n| format!("j{n}")), "{}");
    let mut worker = wq(&server).line(&line(&receiver, "")).spawn();
    eventually(SOON, "five are being sent", || (receiver.requests().len() == 5).then_some(()));

    worker.signal("TERM");
    eventually(SOON, "it is stopping", || worker.stderr().contains("stopping").then_some(()));
    worker.signal("TERM");
    let told = Instant::now();

    assert_eq!(worker.ends(SOON).code(), Some(143), "{}", worker.stderr());
    assert!(told.elapsed() < Duration::from_secs(1), "{:?}", told.elapsed());
    assert_eq!(server.ask::<Vec<String>>("KEYS bull:whatsapp:*:lock"), [""; 0], "no lock is left");
    let left = [server.ask::<usize>("ZCARD bull:whatsapp:prioritized"), server.ask("LLEN bull:whatsapp:active")];
    assert_eq!((held(&server), left), (5, [15, 0]));
    assert_eq!(server.ask::<u64>("HLEN wq:bull:whatsapp:beat"), 0);
    assert!(worker.stderr().contains("they are held"), "{}", worker.stderr());
}

#[test]
fn connections_that_break_again_and_again_cost_no_message_and_no_doubt() {
    let server = Server::start();
    let receiver = Receiver::start(Duration::from_millis(2), accept);
    add(&server, (0..3000).map(|n| format!("j{n}")), "{}");
    let line = line(&receiver, "--concurrency 20");
    let _workers = [wq(&server).line(&line).spawn(), wq(&server).line(&line).spawn()];
    eventually(SOON, "they send", || (receiver.requests().len() > 50).then_some(()));

    let mut killed: u64 = 0;
    eventually(SOON * 3, "nothing is left to do", || {
        killed += server.ask::<u64>("CLIENT KILL TYPE normal SKIPME yes");
        std::thread::sleep(Duration::from_millis(150));
        is_done(&server).then_some(())
    });

    println!("{killed} connections killed");
    assert_eq!((completed(&server), held(&server), doubled(&receiver)), (3000, 0, 0));
    is_sound(&server);
    assert!(killed > 4, "{killed} connections killed");
}

#[test]
fn a_worker_whose_slots_all_send_gives_signs_of_life_over_a_new_connection_when_its_own_broke() {
    let server = Server::start();
    let receiver = Receiver::start(Duration::from_mins(1), accept);
    add(&server, (0..5).map(|n| format!("j{n}")), "{}");
    let worker = wq(&server).line(&line(&receiver, "--send-timeout 2m")).spawn();
    eventually(SOON, "five are being sent", || (receiver.requests().len() == 5).then_some(()));

    let killed: u64 = server.ask("CLIENT KILL TYPE normal SKIPME yes");
    let beat = || server.ask::<Vec<u64>>("HVALS wq:bull:whatsapp:beat");
    let before = beat();

    eventually(SOON, &format!("it lives; {}", worker.stderr()), || (beat() > before).then_some(()));
    assert!(killed > 0 && before.len() == 1, "{killed} {before:?}");
    assert_eq!((receiver.requests().len(), held(&server)), (5, 0));
}

#[test]
fn a_message_that_kills_every_process_that_sends_it_is_a_dead_letter_and_the_others_are_sent() {
    let server = Server::start();
    add(&server, ["poison".to_owned()].into_iter().chain((0..20).map(|n| format!("j{n}"))), "{}");
    let script = r#"[ "$WQ_JOB_ID" = poison ] && kill -9 $PPID; exit 0"#;
    let work = || {
        let words = ["worker", "--via", "exec", "--rate", "none", "--on-uncertain", "retry", "--", "sh", "-c", script];
        wq(&server).args(words).spawn()
    };

    let mut deaths = 0;
    let mut worker = work();
    eventually(Duration::from_mins(1), "the poison is given up and all others are sent", || {
        if worker.has_ended() {
            deaths += 1;
            worker = work();
        }
        (server.ask::<u64>("ZCARD bull:whatsapp:failed") == 1 && completed(&server) == 20).then_some(())
    });

    let reason: String = server.ask("HGET bull:whatsapp:poison failedReason");
    assert!(reason.starts_with("poison: "), "{reason}");
    assert_eq!((deaths, held(&server)), (3, 0));
}
