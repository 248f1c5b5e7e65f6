//! `wq enqueue --tree` and `wq jobs get --tree`: a parent with its children, all of it or nothing.

use serde_json::{Value, json};

use crate::support::{Server, wq};

const ORDER: &str = r#"{"name":"done","to":"+5511999990000","text":"All is ready","key":"order-17","children":[
  {"queue":"kids","name":"invoice","data":{"order":17},"on_failure":"fail-parent"},
  {"queue":"kids","name":"photo","id":"photo","on_failure":"ignore","children":[{"queueName":"kids","opts":{"jobId":"crop","attempts":1}}]}]}"#;

fn tree(server: &Server, tree: &str) -> Value {
    wq(server).line("enqueue --json --tree -").input(tree).run().exits(0).json()
}

fn statuses(added: &Value) -> Vec<&str> {
    added["data"].as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()).collect()
}

fn fields(server: &Server, key: &str) -> std::collections::BTreeMap<String, String> {
    server.ask(&format!("HGETALL {key}"))
}

#[test]
fn a_tree_is_added_with_every_link_between_parents_and_children() {
    let server = Server::start();

    let added = tree(&server, ORDER);

    assert_eq!((&added["schema"], statuses(&added)), (&json!("wq.enqueue_tree.v1"), vec!["stored"; 4]));
    let root = added["data"][0]["id"].as_str().unwrap();
    assert_eq!(fields(&server, &format!("bull:whatsapp:{root}"))["data"], r#"{"to":"+5511999990000","text":"All is ready"}"#);
    let photo = fields(&server, "bull:kids:photo");
    assert_eq!(photo["parentKey"], format!("bull:whatsapp:{root}"));
    let parent: Value = serde_json::from_str(&photo["parent"]).unwrap();
    assert_eq!(parent, json!({ "id": root, "queueKey": "bull:whatsapp", "idof": true }));
    let options: Value = serde_json::from_str(&photo["opts"]).unwrap();
    assert_eq!((&options["idof"], &options["parent"]), (&json!(true), &json!({ "id": root, "queue": "bull:whatsapp" })));
    assert_eq!(server.ask::<Vec<String>>("SMEMBERS bull:kids:photo:dependencies"), ["bull:kids:crop"]);
    assert_eq!(server.ask::<u64>("ZCARD bull:kids:waiting-children"), 1);
    assert_eq!(server.ask::<Vec<u64>>("MGET bull:whatsapp:id bull:kids:id"), [1, 3]);
}

#[test]
fn a_tree_whose_ids_last_adds_nothing_the_second_time() {
    let server = Server::start();

    let (first, second) = (tree(&server, ORDER), tree(&server, ORDER));

    assert_eq!(statuses(&second), ["duplicate"; 4]);
    let ids = |added: &Value| added["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(server.ask::<u64>("ZCARD bull:kids:prioritized"), 2);
}

#[test]
fn children_that_are_done_and_removed_are_not_added_again_for_the_parent_that_counted_them() {
    let server = Server::start();
    let order = r#"{"id":"p","children":[{"queue":"kids","id":"a"},{"queue":"kids","id":"b","opts":{"delay":3600000}}]}"#;
    tree(&server, order);
    wq(&server).line("worker -Q kids --via log --until-empty --rate none --keep-completed none").run().exits(0);
    assert_eq!(server.ask::<u64>("EXISTS bull:kids:a"), 0);

    assert_eq!(statuses(&tree(&server, order)), ["duplicate"; 3]);
    assert_eq!(server.ask::<u64>("EXISTS bull:kids:a"), 0);

    wq(&server).line("jobs remove -Q kids b --yes").run().exits(0);
    assert_eq!(server.ask::<u64>("ZCARD bull:whatsapp:waiting-children"), 0);
    let late = wq(&server).line("enqueue --json --tree -").input(order).run().exits(0).stderr_has("skipped: the parent was there");
    assert_eq!(statuses(&late.json()), ["duplicate", "duplicate", "skipped"]);
    assert_eq!(server.ask::<u64>("EXISTS bull:kids:b"), 0);
}

#[test]
fn a_parent_whose_children_were_all_finished_before_runs_at_once_with_their_values() {
    let server = Server::start();
    wq(&server).line("enqueue -Q kids --id a --data {}").run().exits(0);
    wq(&server).line("worker -Q kids --via log --until-empty --rate none").run().exits(0);

    tree(&server, r#"{"id":"p","opts":{"priority":0},"children":[{"queue":"kids","id":"a"}]}"#);

    assert_eq!(server.ask::<Vec<String>>("LRANGE bull:whatsapp:wait 0 -1"), ["p"]);
    assert_eq!(server.ask::<u64>("HLEN bull:whatsapp:p:processed"), 1);
    assert_eq!(fields(&server, "bull:kids:a")["parentKey"], "bull:whatsapp:p");
}

#[test]
fn a_child_of_another_parent_is_a_conflict_and_nothing_is_added() {
    let server = Server::start();
    tree(&server, r#"{"id":"p","children":[{"id":"a"}]}"#);

    let run = wq(&server).line("enqueue --tree -").input(r#"{"id":"q","children":[{"id":"b"},{"id":"a"}]}"#).run().exits(8);

    run.stderr_has(r#"$.children[1]: the job "a" is a child of bull:whatsapp:p already; nothing was added"#);
    assert_eq!(server.ask::<u64>("EXISTS bull:whatsapp:q bull:whatsapp:b"), 0);
}

#[test]
fn a_dry_run_says_what_would_be_added_and_adds_nothing() {
    let server = Server::start();

    let run = wq(&server).line("enqueue --json --dry-run --tree -").input(ORDER).run().exits(0);

    assert_eq!((statuses(&run.json()), &run.json()["page"]["dry_run"]), (vec!["stored"; 4], &json!(true)));
    assert_eq!(server.ask::<Vec<String>>("KEYS *"), Vec::<String>::new());
}

#[test]
fn every_kind_of_wrong_tree_names_the_place_and_adds_nothing() {
    let server = Server::start();
    let many = json!({ "children": vec![json!({}); 1000] }).to_string();
    let deep = format!("{}{{}}{}", r#"{"children":["#.repeat(65), "]}".repeat(65));
    for (tree, part) in [
        (r#"{"children":["#, "the tree is no JSON: EOF while parsing a list at line 1 column 13"),
        ("[]", "$: "),
        (r#"{"children":[{},{"kids":[]}]}"#, "$.children[1]: unknown field `kids`"),
        (r#"{"children":[{"queue":"a:b"}]}"#, "$.children[0].queue: the name contains ':'"),
        (r#"{"children":[{"children":[{"id":"17"}]}]}"#, r#"$.children[0].children[0].id: the id "17" reads as an integer"#),
        (r#"{"children":[{"id":"a"},{"children":[{"id":"a"}]}]}"#, r#"the id "a" is that of $.children[0] already"#),
        (r#"{"id":"a","key":"b"}"#, "$: give one of id, key and opts.jobId"),
        (r#"{"to":"+5511999990000"}"#, "$.text: missing"),
        (r#"{"text":"Hi"}"#, "$.to: missing"),
        (r#"{"to":"+5511999990000","text":"Hi","data":{}}"#, "$.data: give either"),
        (r#"{"children":[{"to":"12","text":"Hi"}]}"#, "$.children[0].to: the phone number is too short"),
        (r#"{"on_failure":"ignore"}"#, "$.on_failure: the job at the top"),
        (r#"{"children":[{"on_failure":"explode"}]}"#, r#"$.children[0].on_failure: "explode" is no word"#),
        (r#"{"children":[{"on_failure":"ignore","opts":{"failParentOnFailure":true}}]}"#, "does one thing only"),
        (r#"{"opts":{"delay":-5}}"#, "$: opts.delay must be"),
        (r#"{"opts":{"deduplication":{"id":"x"}}}"#, "$.opts.deduplication: not for a job of a tree"),
        (many.as_str(), "$.children[999]: the tree has more than 1000 jobs"),
        (deep.as_str(), "nested deeper than 64 times"),
    ] {
        wq(&server).line("enqueue --tree -").input(tree).run().exits(2).stderr_has(part);
    }
    wq(&server).line("enqueue --tree nowhere.json").run().exits(4).stderr_has("nowhere.json");
    wq(&server).line("enqueue --tree - --delay 5m").input("{}").run().exits(2);
    assert_eq!(server.ask::<Vec<String>>("KEYS *"), Vec::<String>::new());
}

#[test]
fn a_job_is_shown_with_all_its_children_and_where_they_are() {
    let server = Server::start();
    let order = r#"{"id":"p","children":[{"queue":"kids","id":"a"},
        {"queue":"kids","id":"m","children":[{"queue":"later","id":"c","opts":{"delay":3600000}}]}]}"#;
    tree(&server, order);
    wq(&server).line("worker -Q kids --via log --until-empty --rate none --keep-completed none").run().exits(0);

    let shown = wq(&server).line("jobs get p --tree --json").run().exits(0).json();

    assert_eq!(shown["schema"], "wq.job_tree.v1");
    let rows: Vec<String> = shown["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {} {}", row["depth"], row["id"], row["state"], row["standing"]))
        .collect();
    assert_eq!(
        rows,
        [
            r#"0 "p" "waiting-children" null"#,
            r#"1 "m" "waiting-children" "pending""#,
            r#"2 "c" "delayed" "pending""#,
            r#"1 "a" "gone" "completed""#
        ]
    );
    wq(&server).line("jobs get p --tree -o table").run().exits(0).stdout_has("    c");
    wq(&server).line("jobs get nobody --tree").run().exits(4);
}

#[test]
fn why_a_parent_was_not_told_can_be_read() {
    let server = Server::start();
    tree(&server, r#"{"id":"p","children":[{"id":"a"}]}"#);
    server.ask::<()>("DEL bull:whatsapp:p:dependencies");
    server.ask::<()>("SET bull:whatsapp:p:dependencies text");

    wq(&server).line("worker --via log --until-empty --rate none").run().exits(0);

    let job = wq(&server).line("jobs get a --json").run().exits(0).json();
    assert_eq!(job["data"]["state"], "completed");
    assert!(job["data"]["parent_problem"].as_str().unwrap().contains("WRONGTYPE"), "{job}");
    assert_eq!(wq(&server).line("metrics --json").run().exits(0).json()["data"]["parents_not_told"], 1);
}

#[test]
fn a_damaged_parent_refuses_its_new_children_before_anything_is_written() {
    let server = Server::start();
    tree(&server, r#"{"id":"p","children":[{"id":"a"}]}"#);
    server.ask::<()>("DEL bull:whatsapp:p:dependencies");
    server.ask::<()>("SET bull:whatsapp:p:dependencies text");

    let run = wq(&server).line("enqueue --tree -").input(r#"{"id":"q","children":[{"id":"p","children":[{"id":"b"}]}]}"#).run();

    run.exits(1).stderr_has("WRONGTYPE");
    assert_eq!(server.ask::<u64>("EXISTS bull:whatsapp:q bull:whatsapp:b"), 0);
}
