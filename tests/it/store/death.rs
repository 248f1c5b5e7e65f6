//! Workers that die: whoever lives lets their jobs go on, each as far as it is known what became of it.

use wq::core::store::intent::{Fence, OnUncertain, Permit};
use wq::core::store::recover::{Bygone, Recovered, Sign, Subscribed};

use super::fence::{field, held, ids};
use super::*;

const ENTER: Sign = Sign::Enter(Subscribed::Yes);
const BEAT: Sign = Sign::Beat(Subscribed::Yes);

impl Hand {
    /// After its connection was lost: what it knows, and from which take on nothing was lost.
    pub(super) fn bygone(&self, known: &[(String, Arc<str>)]) -> Bygone {
        Bygone { first_take: u64::from(self.calls) + 1, known: known.to_vec() }
    }

    /// Then it gives back what it took and doesn't know.
    pub(super) async fn reclaim(&self, known: &[(String, Arc<str>)]) -> Vec<String> {
        self.queue.reclaim("test", &self.bygone(known)).await.unwrap()
    }
}

/// A worker that lives and looks after the others: those of `Hand` have the incarnation `test`.
struct Survivor<'a> {
    server: &'a Server,
    queue: Queue,
}

impl<'a> Survivor<'a> {
    async fn new(server: &'a Server) -> Self {
        let survivor = Self { server, queue: queue(server).await };
        survivor.beat(ENTER, "run 1").await;
        survivor
    }

    async fn beat(&self, sign: Sign, run_id: &str) -> Recovered {
        self.queue.recover_dead(sign, "other", run_id, &Bygone::default()).await.unwrap()
    }

    /// A sign of life of the worker of `Hand`.
    async fn hear(&self, sign: Sign) {
        self.queue.recover_dead(sign, "test", "run 1", &Bygone::default()).await.unwrap();
    }

    /// As if that had passed since everything that the sweeps remember.
    fn pass(&self, ms: u64) {
        for incarnation in self.server.ask::<Vec<String>>("HKEYS wq:bull:q:beat") {
            self.server.ask::<i64>(&format!("HINCRBY wq:bull:q:beat {incarnation} -{ms}"));
        }
        for name in self.server.ask::<Vec<String>>("HKEYS wq:bull:q:watch") {
            if name != "run" {
                self.server.ask::<i64>(&format!("HINCRBY wq:bull:q:watch {name} -{ms}"));
            }
        }
    }

    /// What sweeps of so long find, one every 600 ms.
    async fn watch(&self, ms: u64) -> Recovered {
        let mut all = Recovered::default();
        for _ in 0..ms / 600 {
            self.pass(600);
            let found = self.beat(BEAT, "run 1").await;
            all.dead += found.dead;
            all.returned.extend(found.returned);
            all.held.extend(found.held);
            all.completed.extend(found.completed);
            all.poisonous.extend(found.poisonous);
        }
        all
    }
}

#[tokio::test]
async fn each_job_of_a_dead_worker_goes_on_as_far_as_it_is_known_what_became_of_it() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.begin(&["unstarted1", "unstarted2", "begun", "sent"]).await;
    for id in ["unstarted1", "unstarted2"] {
        server.ask::<()>(&format!("HDEL bull:q:{id} wqi"));
    }
    server.ask::<()>("HSET bull:q:sent wqs wq.test.1:1:wamid.7");
    hand.queue.add(&[job("later")], Ledger::Skip).await.unwrap();
    let survivor = Survivor::new(&server).await;

    let found = survivor.watch(4200).await;

    assert_eq!(found.dead, 1);
    assert_eq!((found.held, found.completed), (vec!["begun".to_owned()], vec!["sent".to_owned()]));
    assert_eq!(ids(&server, "active"), [""; 0]);
    assert_eq!(
        (ids(&server, "completed"), ids(&server, "failed"), held(&server)),
        (vec!["sent".into()], vec!["begun".into()], vec!["begun".into()])
    );
    assert_eq!(field(&server, "begun", "atm").as_deref(), Some("1"));
    assert!(field(&server, "begun", "failedReason").unwrap().starts_with("uncertain: its worker died"));
    hand.rules.fence = None;
    let again = hand.take(9).await;
    let order: Vec<&str> = again.jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(order, ["unstarted1", "unstarted2", "later"]);
    let attempts = again.jobs[0].content.as_ref().unwrap().attempts_made;
    assert_eq!((attempts, server.ask::<u64>("EXISTS bull:q:begun:lock bull:q:sent:lock")), (0, 0));
}

#[tokio::test]
async fn jobs_of_a_priority_go_back_to_the_front_of_their_own_line() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&[prioritized("high", 1), prioritized("low 1", 5), prioritized("low 2", 5)], Ledger::Skip).await.unwrap();
    hand.take(2).await;
    let survivor = Survivor::new(&server).await;

    let found = survivor.watch(4200).await;

    assert_eq!(found.returned, ["low 1", "high"]);
    assert_eq!(hand.take_ids(9).await, ["high", "low 1", "low 2"]);
}

#[tokio::test]
async fn nobody_is_declared_dead_when_the_server_or_all_workers_stood_still() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.begin(&["a"]).await;
    let survivor = Survivor::new(&server).await;

    // The first three seconds, another process of the server, and a time without sweeps.
    assert_eq!(survivor.watch(2400).await.dead, 0);
    survivor.pass(600);
    survivor.beat(BEAT, "run 2").await;
    survivor.pass(600);
    survivor.beat(BEAT, "run 1").await;
    assert_eq!(survivor.watch(2400).await.dead, 0);
    survivor.pass(20_000);
    assert_eq!(survivor.watch(3000).await.dead, 0);

    assert_eq!(survivor.watch(1200).await.dead, 1);
}

#[tokio::test]
async fn a_subscribed_worker_counts_as_dead_only_after_a_long_silence() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.begin(&["a"]).await;
    let survivor = Survivor::new(&server).await;
    let _subscription = hand.queue.subscribe_alive("test").await.unwrap();

    assert_eq!(survivor.watch(13_800).await.dead, 0);
    assert_eq!(survivor.watch(2400).await.dead, 1);

    assert_eq!(held(&server), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_ends_with_its_connection() {
    let server = Server::start();
    let queue = queue(&server).await;
    let mut subscription = queue.subscribe_alive("test").await.unwrap();
    let subscribed = || server.ask::<(String, u64)>("PUBSUB SHARDNUMSUB wq:bull:q:alive:test").1;
    assert_eq!(subscribed(), 1);
    subscription.renew(&queue).await.unwrap();
    assert!(!subscription.has_ended());

    drop(subscription);

    crate::support::eventually(Duration::from_secs(10), "the server notices", || (subscribed() == 0).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_notices_that_the_server_ended_its_subscription() {
    let server = Server::start();
    let queue = queue(&server).await;
    let subscription = queue.subscribe_alive("test").await.unwrap();

    assert_eq!(server.ask::<u64>("CLIENT KILL TYPE pubsub"), 1);

    crate::support::eventually(Duration::from_secs(10), "it notices", || subscription.has_ended().then_some(()));
}

#[tokio::test]
async fn a_worker_that_said_it_has_no_subscription_counts_as_dead_only_after_a_long_silence() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.begin(&["a"]).await;
    let survivor = Survivor::new(&server).await;
    survivor.hear(Sign::Enter(Subscribed::Yes)).await;
    survivor.hear(Sign::Beat(Subscribed::No)).await;

    assert_eq!(survivor.watch(13_800).await.dead, 0);
    assert_eq!(survivor.watch(2400).await.dead, 1);

    assert_eq!(server.ask::<Vec<Option<String>>>("HMGET wq:bull:q:watch deaf.test gone.test"), [None, None]);
}

#[tokio::test]
async fn a_worker_that_has_its_subscription_back_is_missed_soon_again() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.begin(&["a"]).await;
    let survivor = Survivor::new(&server).await;
    survivor.watch(3600).await;
    survivor.hear(Sign::Enter(Subscribed::No)).await;
    survivor.hear(Sign::Beat(Subscribed::Yes)).await;

    assert_eq!(survivor.watch(3000).await.dead, 1);
}

#[tokio::test]
async fn a_worker_that_beats_is_alive_even_without_a_subscription() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.begin(&["a"]).await;
    let survivor = Survivor::new(&server).await;

    for _ in 0..10 {
        assert_eq!(survivor.watch(600).await.dead, 0);
        survivor.hear(ENTER).await;
    }
}

#[tokio::test]
async fn the_jobs_of_others_are_never_judged() {
    let server = Server::start();
    let mut hand = Hand::new(&server, "none").await;
    hand.queue.add(&["node", "lapsed", "restarted"].map(job), Ledger::Skip).await.unwrap();
    hand.take(3).await;
    server.ask::<()>("SET bull:q:node:lock 5f0c:1");
    server.ask::<()>("DEL bull:q:lapsed:lock bull:q:restarted:lock");
    // Somebody activated it since this intent was written.
    server.ask::<()>("HSET bull:q:restarted wqi wq.test.1:0:1:2:h ats 1");
    let survivor = Survivor::new(&server).await;

    let found = survivor.watch(20_400).await;

    assert_eq!(Recovered { dead: 0, ..found }, Recovered::default());
    assert_eq!(ids(&server, "active").len(), 3);
}

#[tokio::test]
async fn a_send_that_takes_longer_than_any_may_is_uncertain_though_its_worker_lives() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.begin(&["a"]).await;
    server.ask::<()>("HSET bull:q:a wqi wq.test.1:1:1000:2000:h");

    let found = Survivor::new(&server).await.watch(600).await;

    assert_eq!((found.dead, held(&server)), (0, vec!["a".to_owned()]));
}

#[tokio::test]
async fn under_retry_a_job_runs_again_until_three_processes_died_sending_it() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Retry).await;
    let survivor = Survivor::new(&server).await;
    hand.begin(&["poison", "innocent"]).await;
    for round in 1..=3 {
        server.ask::<()>("HDEL bull:q:innocent wqi");
        let found = survivor.watch(4200).await;
        assert_eq!(found.poisonous.len(), usize::from(round == 3), "{round}");
        if round < 3 {
            let mut taken = hand.take(9).await;
            assert_eq!(taken.jobs.iter().map(|job| job.id.as_str()).collect::<Vec<_>>(), ["poison", "innocent"]);
            taken.jobs.truncate(1);
            hand.intend(&taken).await;
        }
    }

    assert!(field(&server, "poison", "failedReason").unwrap().starts_with("poison: 3 processes died"));
    assert_eq!((ids(&server, "failed"), ids(&server, "wait")), (vec!["poison".into()], vec!["innocent".into()]));
    assert_eq!((field(&server, "poison", "wqi"), field(&server, "innocent", "wqc")), (None, None));
    assert!(held(&server).is_empty());
}

#[tokio::test]
async fn a_job_that_got_through_is_no_poison() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Retry).await;
    let survivor = Survivor::new(&server).await;
    hand.begin(&["a"]).await;
    survivor.watch(4200).await;
    let taken = hand.take(1).await;
    hand.intend(&taken).await;
    assert_eq!(field(&server, "a", "wqc").as_deref(), Some("1"));

    hand.settle(&taken, Verdict::Wait { after: Duration::from_secs(1) }).await;

    assert_eq!(field(&server, "a", "wqc"), None);
}

#[tokio::test]
async fn a_worker_that_was_declared_dead_is_told_and_one_that_left_is_forgotten() {
    let server = Server::start();
    let queue = queue(&server).await;
    let beat = async |sign| queue.recover_dead(sign, "me", "run", &Bygone::default()).await.unwrap().was_declared_dead;

    assert!(beat(BEAT).await);
    assert!(!beat(ENTER).await);
    assert!(!beat(BEAT).await);
    assert!(!beat(Sign::Leave).await);

    assert_eq!(server.ask::<u64>("HLEN wq:bull:q:beat"), 0);
    assert!(beat(BEAT).await);
}

#[tokio::test]
async fn a_take_that_arrives_after_its_connection_was_lost_is_undone() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    let known = hand.begin(&["known"]).await;
    hand.begin(&["late"]).await;
    hand.begin(&["present"]).await;
    let bygone = Bygone { first_take: 3, known: vec![("known".to_owned(), Arc::clone(&known.jobs[0].token))] };

    for _ in 0..2 {
        hand.queue.recover_dead(ENTER, "test", "run", &bygone).await.unwrap();
    }

    assert_eq!((ids(&server, "wait"), ids(&server, "active")), (vec!["late".into()], vec!["present".into(), "known".into()]));
    assert_eq!(field(&server, "late", "wqi"), None);
}

#[tokio::test]
async fn lost_takes_go_back_without_a_fence_and_under_retry_too() {
    for policy in [None, Some(OnUncertain::Retry)] {
        let server = Server::start();
        let mut hand = Hand::new(&server, "none").await;
        hand.rules.fence = policy.map(|policy| Fence { policy, send_timeout: Duration::from_secs(30) });
        let known = hand.begin(&["known"]).await;
        hand.begin(&["lost", "gone"]).await;
        server.ask::<()>("DEL bull:q:gone");

        let returned = hand.reclaim(&[("known".to_owned(), Arc::clone(&known.jobs[0].token))]).await;

        assert_eq!((returned, ids(&server, "wait")), (vec!["lost".to_owned()], vec!["lost".to_owned()]), "{policy:?}");
        assert_eq!((ids(&server, "active"), field(&server, "lost", "wqi")), (vec!["known".to_owned()], None));
        assert_eq!(server.ask::<u64>("EXISTS bull:q:lost:lock bull:q:gone:lock bull:q:known:lock"), 1);
        assert_eq!(hand.queue.overview().await.unwrap().missing_hash, 1, "what has no job goes nowhere");
    }
}

#[tokio::test]
async fn looking_for_its_own_lost_takes_neither_hides_a_workers_death_nor_judges_others() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Hold).await;
    hand.begin(&["a"]).await;
    let survivor = Survivor::new(&server).await;
    survivor.watch(600).await;
    server.ask::<()>("HDEL wq:bull:q:beat test");
    survivor.pass(20_000);

    assert_eq!(survivor.queue.reclaim("other", &Bygone { first_take: 9, known: Vec::new() }).await.unwrap(), [""; 0]);
    assert_eq!(hand.reclaim(&[]).await, ["a"]);

    let beat = hand.queue.recover_dead(BEAT, "test", "run 1", &Bygone::default()).await.unwrap();
    assert!(beat.was_declared_dead);
}

#[tokio::test]
async fn whoever_was_only_beside_a_message_that_kills_processes_is_not_suspected_again() {
    let server = Server::start();
    let mut hand = Hand::fenced(&server, OnUncertain::Retry).await;
    let survivor = Survivor::new(&server).await;
    hand.begin(&["poison"]).await;
    survivor.watch(4200).await;
    let again = hand.take(1).await;
    let beside = hand.begin(&["beside"]).await;
    assert_eq!(
        [(again.jobs[0].is_suspect, again.jobs[0].is_intended), (beside.jobs[0].is_suspect, beside.jobs[0].is_intended)],
        [(true, false), (false, true)]
    );
    assert_eq!(hand.intend(&again).await, [Permit::Granted]);

    survivor.watch(4200).await;

    assert_eq!((field(&server, "poison", "wqc").as_deref(), field(&server, "beside", "wqc")), (Some("2"), None));
}
