//! Queues on a real Redis Cluster: where they may be, and what happens when the cluster changes under them.

mod changes;
mod fence;
mod flows;

use crate::support::command::Wq;
use crate::support::{Cluster, Server, wq};

/// All keys of all nodes.
fn keys(cluster: &Cluster) -> u64 {
    cluster.nodes.iter().map(|node| node.ask::<u64>("DBSIZE")).sum()
}

#[test]
fn a_queue_without_a_hash_tag_is_refused_with_a_proposal_before_anything_is_written() {
    let cluster = Cluster::start();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("contacts.csv"), "phone\n+34600111222\n").unwrap();
    let lines = [
        "enqueue -Q mail --data {}",
        "enqueue -Q mail --data {} --dry-run",
        "enqueue -Q mail --ndjson - --dry-run",
        "bulk contacts.csv --text Hola -Q mail --dry-run",
        "bulk contacts.csv --text Hola -Q mail",
        "worker -Q mail --via log --once",
        "worker -Q {sms} -Q mail --via log --until-empty",
        "pause -Q mail",
        "resume -Q mail",
        "queues pause {sms} mail",
        "queues set mail --rate 10/s",
        "jobs list -Q mail",
        "jobs retry -Q mail x",
        "dlq list -Q mail",
        "dlq retry -Q mail --all --yes",
        "metrics -Q mail",
        "events -Q mail --no-follow",
        "workers list -Q mail",
    ];

    for line in lines {
        // Told, and found out.
        let told = cluster.wq().folder(folder.path()).line(line).input("").run();
        told.exits(2).stderr_has("hint: put what is to stay together in braces: -Q '{mail}'");
        let one = Wq::bare().env("WQ_REDIS_URL", cluster.nodes[0].url()).folder(folder.path()).line(line).input("");
        if !line.contains("--dry-run") {
            one.run().exits(2).stderr_has("-Q '{mail}'");
        }
    }
    assert_eq!(keys(&cluster), 0);
}

#[test]
fn a_queue_is_found_on_its_node_from_any_other() {
    let cluster = Cluster::start();
    for queue in ["{a}", "{b}", "{c}", "{d}"] {
        cluster.wq().line(&format!("enqueue -Q {queue} --data {{}}")).run().exits(0);
        let home = cluster.home_of(&format!("bull:{queue}:meta"));
        assert_eq!(cluster.nodes[home].ask::<u64>(&format!("ZCARD bull:{queue}:prioritized")), 1, "{queue}");
    }

    for node in &cluster.nodes {
        // Nobody said that it is a cluster.
        let wq = || wq(node);
        let listed = wq().line("queues list --json").run().exits(0).json();
        let names: Vec<&str> = listed["data"].as_array().unwrap().iter().map(|queue| queue["queue"].as_str().unwrap()).collect();
        assert_eq!(names, ["{a}", "{b}", "{c}", "{d}"]);
        for queue in names {
            assert_eq!(
                wq().line(&format!("jobs list -Q {queue} --state prioritized --json")).run().exits(0).json()["data"]
                    .as_array()
                    .unwrap()
                    .len(),
                1
            );
            let worked = wq().line(&format!("worker -Q {queue} --via log --rate none --once")).run().exits(0);
            wq().line(&format!("enqueue -Q {queue} --data {{}}")).run().exits(0);
            assert!(!worked.stderr.contains("MOVED"), "{}", worked.stderr);
        }
    }
    assert!(!cluster.errors().contains_key("CROSSSLOT"), "{:?}", cluster.errors());
}

#[test]
fn a_server_that_is_no_cluster_is_not_taken_for_one() {
    let server = Server::start();

    wq(&server).line("enqueue -Q {mail} --data {} --cluster").run().exits(2).stderr_has("is no cluster").stderr_has("leave out --cluster");
    Wq::bare()
        .env("WQ_REDIS_URL", "redis://127.0.0.1:1,127.0.0.1:2")
        .line("queues list")
        .run()
        .exits(2)
        .stderr_has("several hosts are the nodes of a cluster: --cluster");
}

#[test]
fn a_cluster_is_reached_while_a_node_that_was_named_is_away() {
    let mut cluster = Cluster::start();
    let home = cluster.home_of("bull:{mail}:meta");
    let other = (home + 1) % 3;
    let url = format!("redis://127.0.0.1:{},127.0.0.1:{}", cluster.nodes[other].port(), cluster.nodes[home].port());
    cluster.nodes[other].kill();

    Wq::bare().env("WQ_REDIS_URL", url).line("enqueue --cluster -Q {mail} --data {}").run().exits(0);
}
