//! Parents and children on a cluster: together in one place, or told so.

use super::keys;
use crate::support::Cluster;

#[test]
fn a_tree_over_queues_that_share_a_hash_tag_is_added_and_its_parent_released() {
    let cluster = Cluster::start();
    let tree = r#"{"queue":"{shop}-orders","id":"p","opts":{"priority":0},"children":[{"queue":"{shop}-mails","id":"a"}]}"#;

    cluster.wq().line("enqueue --tree -").input(tree).run().exits(0);
    cluster.wq().line("worker -Q {shop}-mails --via log --until-empty --rate none").run().exits(0);

    let home = &cluster.nodes[cluster.home_of("bull:{shop}-orders:wait")];
    assert_eq!(home.ask::<Vec<String>>("LRANGE bull:{shop}-orders:wait 0 -1"), ["p"]);
    cluster.wq().line("jobs get p -Q {shop}-orders --tree --json").run().exits(0).stdout_has("completed");
}

#[test]
fn a_tree_over_several_places_is_refused_before_anything_is_written() {
    let cluster = Cluster::start();
    let tree = r#"{"children":[{"queue":"{shop}-mails"},{"queue":"{other}"}]}"#;

    for line in ["enqueue -Q {shop} --tree -", "enqueue -Q {shop} --tree - --dry-run"] {
        let run = cluster.wq().line(line).input(tree).run().exits(2);
        run.stderr_has("$.children[1].queue: the cluster keeps {other} in another place than {shop}").stderr_has("hint: give both names");
    }
    assert_eq!(keys(&cluster), 0);
}

#[test]
fn a_parent_in_another_place_is_a_reason_and_the_outcome_of_its_child_is_stored() {
    let cluster = Cluster::start();
    cluster.wq().line("enqueue -Q {a} --id c --data {}").run().exits(0);
    let home = &cluster.nodes[cluster.home_of("bull:{a}:c")];
    let far =
        (0..1000).map(|n| format!("{{far{n}}}")).find(|queue| cluster.home_of(&format!("bull:{queue}:p")) != cluster.home_of("bull:{a}:c"));
    let far = far.unwrap();
    home.ask::<()>(&format!("HSET bull:{{a}}:c parentKey bull:{far}:p parent {{\"id\":\"p\",\"queueKey\":\"bull:{far}\"}}"));

    cluster.wq().line("worker -Q {a} --via log --until-empty --rate none").run().exits(0);

    let job = cluster.wq().line("jobs get c -Q {a} --json").run().exits(0).json();
    assert_eq!(job["data"]["state"], "completed");
    assert!(job["data"]["parent_problem"].as_str().unwrap().contains("need the same hash tag"), "{job}");
    cluster.wq().line("jobs remove c -Q {a} --yes").run().exits(0);
}
