//! Messages of every kind: what the flags of `wq enqueue` make, and what is refused before anything is stored.

use serde_json::{Value, json};

use crate::support::command::Wq;
use crate::support::{Server, wq};

fn to_ana(server: &Server) -> Wq {
    wq(server).args(["enqueue", "--to", "+34600111222"])
}

fn data(server: &Server, id: &str) -> Value {
    serde_json::from_str(&server.ask::<String>(&format!("HGET bull:whatsapp:{id} data"))).unwrap()
}

#[test]
fn media_is_told_by_its_address_or_by_a_flag() {
    let server = Server::start();
    let menu = "https://example.com/menu.pdf";

    to_ana(&server).args(["--id", "a", "--media", menu, "--caption", "The menu", "--file-name", "menu.pdf"]).run().exits(0);
    to_ana(&server).args(["--id", "b", "--media", "https://example.com/?id=7", "--media-kind", "video"]).run().exits(0);

    let document = json!({ "kind": "document", "url": menu, "caption": "The menu", "file_name": "menu.pdf" });
    assert_eq!(data(&server, "a"), json!({ "to": "+34600111222", "type": "media", "media": document }));
    assert_eq!(data(&server, "b")["media"], json!({ "kind": "video", "url": "https://example.com/?id=7" }));
}

#[test]
fn a_template_gets_its_values_in_order_or_by_name() {
    let server = Server::start();
    let template = ["--template-name", "cita", "--language", "pt_BR"];

    to_ana(&server).args(["--id", "a"]).args(template).args(["--param", "Ana", "--param", "=a=b"]).run().exits(0);
    to_ana(&server).args(["--id", "b"]).args(template).args(["--param", "nombre=Ana", "--expires", "1h"]).run().exits(0);
    to_ana(&server).args(["--id", "c"]).args(template).run().exits(0);

    let text = |text: &str| json!({ "type": "text", "text": text });
    let in_order = json!([{ "type": "body", "parameters": [text("Ana"), text("a=b")] }]);
    let expected = json!({ "name": "cita", "language": "pt_BR", "components": in_order });
    assert_eq!(data(&server, "a"), json!({ "to": "+34600111222", "type": "template", "template": expected }));
    let by_name = &data(&server, "b")["template"]["components"][0]["parameters"][0];
    assert_eq!(*by_name, json!({ "type": "text", "parameter_name": "nombre", "text": "Ana" }));
    assert!(data(&server, "b")["expires"].is_u64());
    assert_eq!(data(&server, "c")["template"]["components"], json!([]));
}

#[test]
fn a_place_is_two_degrees_and_a_name() {
    let server = Server::start();

    to_ana(&server).args(["--id", "a", "--location", "-23.5505, -46.6333", "--place", "Sé"]).run().exits(0);

    let place = json!({ "latitude": -23.5505, "longitude": -46.6333, "name": "Sé" });
    assert_eq!(data(&server, "a"), json!({ "to": "+34600111222", "type": "location", "location": place }));
}

#[test]
fn a_schedule_takes_the_same_messages() {
    let server = Server::start();

    let flags = ["--to", "+34600111222", "--media", "https://example.com/a.png"];
    wq(&server).line("schedule add daily --every 1d").args(flags).run().exits(0);

    let stored: Value = serde_json::from_str(&server.ask::<String>("HGET bull:whatsapp:repeat:daily data")).unwrap();
    assert_eq!(stored["media"], json!({ "kind": "image", "url": "https://example.com/a.png" }));
    let flags = ["--to", "+34600111222", "--media", "file:///etc/passwd"];
    wq(&server).line("schedule add other --every 1d").args(flags).run().exits(2).stderr_has("--media: must begin with https://");
}

#[test]
fn a_wrong_flag_is_named_and_nothing_is_stored() {
    let server = Server::start();
    let long_caption = "x".repeat(1025);
    let media = ["--media", "https://example.com/a.png"];
    let template = ["--template-name", "cita", "--language", "es"];
    let cases: [(&[&str], &[&str], &str); 28] = [
        (&[], &["--media", "file:///etc/passwd"], "--media: must begin with https://"),
        (&[], &["--media", "http://example.com/a.png"], "--media: must begin with https://"),
        (&[], &["--media", "https://169.254.169.254/latest"], "--media: leads into a private network"),
        (&[], &["--media", "https://2130706433/a.png"], "--media: leads into a private network"),
        (&[], &["--media", "https://ana:geheim@example.com/a.png"], "--media: holds a user name or password"),
        (&[], &["--media", "menu.pdf"], "--media: is no address"),
        (&[], &["--media", "https://example.com/menu"], "--media-kind: missing; give image, document, video or audio"),
        (&media, &["--media-kind", "fax"], "'--media-kind <KIND>'"),
        (&media, &["--media-kind", "audio", "--caption", "Hi"], "--caption: audio carries no caption"),
        (&media, &["--caption", &long_caption], "--caption: is 1025 characters long; WhatsApp takes at most 1024"),
        (&media, &["--file-name", "../a.png"], "--file-name: must be a name without folders"),
        (&media, &["--text", "Hi"], "cannot be used with"),
        (&media, &["--data", "{}"], "cannot be used with"),
        (&[], &["--caption", "Hi"], "--media <URL>"),
        (&[], &["--template-name", "cita"], "--language <LANGUAGE>"),
        (&[], &["--language", "es"], "--template-name <NAME>"),
        (&[], &["--language", "es", "--text", "Hi"], "cannot be used with"),
        (&["--caption", "Hi"], &["--data", "{}"], "cannot be used with"),
        (&["--param", "Hi"], &["--ndjson", "-"], "cannot be used with"),
        (&media, &["--place", "Home"], "cannot be used with"),
        (&[], &["--template-name", "Cita 1", "--language", "es"], "--template-name: must be small letters"),
        (&[], &["--template-name", "cita", "--language", "Spanish"], "--language: is no language"),
        (&template, &["--param", " "], "--param: missing; give a text that is not empty"),
        (&template, &["--param", "a=1", "--param", "2"], "--param: some have a parameter_name"),
        (&[], &["--location", "Madrid"], "--location: must be LAT,LONG"),
        (&[], &["--location", "91,0"], "--location: must be -90 to 90 degrees"),
        (&[], &["--location", "NaN,0"], "--location: must be LAT,LONG"),
        (&[], &["--place", "Home", "--text", "Hi"], "cannot be used with"),
    ];

    for (flags, more, problem) in cases {
        to_ana(&server).args(flags).args(more).run().exits(2).stderr_has(problem);
    }
    to_ana(&server).run().exits(2).stderr_has("--media <URL>");
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
}

/// Data that claims to be a message and is none, with the field that is to blame.
const REFUSED: [(&str, &str); 22] = [
    (r#"{"to":"+34600111222"}"#, "text: missing"),
    (r#"{"to":"600111222","text":"Hi"}"#, "to: the phone number"),
    (r#"{"phone":"+34600","text":"Hi"}"#, "phone: the phone number"),
    (r#"{"type":"text","text":"Hi"}"#, "to: missing"),
    (r#"{"to":"+34600111222","type":"fax","text":"Hi"}"#, "type: \"fax\" is none of text, media"),
    (r#"{"to":"+34600111222","text":""}"#, "text: the text is empty"),
    (r#"{"to":"+34600111222","text":"Hi","expires":"soon"}"#, "expires: the expiry is neither"),
    (r#"{"to":"+34600111222","media":{"kind":"image","url":"https://[::ffff:127.0.0.1]/a"}}"#, "media.url: leads into a private network"),
    (r#"{"to":"+34600111222","media":{"kind":"fax","url":"https://example.com/a"}}"#, "media.kind: must be image"),
    (r#"{"to":"+34600111222","media":{"kind":"image"}}"#, "media.url: missing"),
    (r#"{"to":"+34600111222","media":{"kind":"image","base64":"a b"}}"#, "media.base64: is no base64"),
    (r#"{"to":"+34600111222","template":{"name":"cita"}}"#, "template.language: missing"),
    (
        r#"{"to":"+34600111222","template":{"name":"a","language":"es","components":[{"type":"body","parameters":[{"text":"x"}]}]}}"#,
        "template.components[0].parameters[0].type: missing",
    ),
    (
        r#"{"to":"+34600111222","template":{"name":"a","language":"es","components":[{"type":"header","parameters":[{"type":"image","image":{"link":"http://10.0.0.1/a"}}]}]}}"#,
        "template.components[0].parameters[0].image.link: must begin with https://",
    ),
    (r#"{"to":"+34600111222","location":{"latitude":"north","longitude":0}}"#, "location.latitude: must be a number"),
    (r#"{"to":"+34600111222","contact":[{"name":"Ana","phone":"+34600111222"},{"name":"Eva"}]}"#, "contact[1].phone: missing"),
    (r#"{"to":"+34600111222","reaction":{"message_id":"3EB0","emoji":"ok"}}"#, "reaction.emoji: must be one emoji"),
    (r#"{"to":"+34600111222","poll":{"name":"When?","options":["Mon"]}}"#, "poll.options: has 1 answers; WhatsApp takes 2 to 12"),
    (r#"{"to":"+34600111222","poll":{"name":"When?","options":["Mon","Mon"]}}"#, "poll.options[1]: is there twice"),
    (
        r#"{"to":"+34600111222","text":"x","buttons":[{"title":"a"},{"title":"b"},{"title":"c"},{"title":"d"}]}"#,
        "buttons: has 4 buttons; WhatsApp takes 1 to 3",
    ),
    (
        r#"{"to":"+34600111222","text":"x","buttons":[{"title":"a"},{"title":"b"},{"title":"123456789012345678901"}]}"#,
        "buttons[2].title: is 21 characters long; WhatsApp takes at most 20",
    ),
    (
        r#"{"to":"+34600111222","text":"x","list":{"button":"Menu","sections":[{"rows":[{"title":"1234567890123456789012345"}]}]}}"#,
        "list.sections[0].rows[0].title: is 25 characters long; WhatsApp takes at most 24",
    ),
];

#[test]
fn data_that_claims_to_be_a_message_is_checked_and_its_wrong_field_is_named() {
    let server = Server::start();

    for (data, problem) in REFUSED {
        let run = wq(&server).args(["enqueue", "--data", data]).run().exits(2);
        run.stderr_has(&format!("wq: enqueue: {problem}")).stderr_has("hint: data with a recipient is checked");
    }

    assert_eq!(server.ask::<u64>("DBSIZE"), 0);
}

#[test]
fn a_wrong_message_in_a_stream_or_a_tree_is_named_with_its_place() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();

    for (data, problem) in REFUSED.into_iter().step_by(5) {
        let lines = format!("{{\"data\":{{\"n\":1}}}}\n{{\"data\":{data}}}\n");
        std::fs::write(folder.path().join("jobs.ndjson"), lines).unwrap();
        let run = wq(&server).folder(folder.path()).line("enqueue --ndjson jobs.ndjson").run().exits(2);
        run.stderr_has(&format!("line 2 of jobs.ndjson: data.{problem}"));
        let tree = format!("{{\"name\":\"done\",\"children\":[{{\"data\":{data}}}]}}");
        wq(&server).line("enqueue --tree -").input(tree).run().exits(2).stderr_has(&format!("$.children[0].data.{problem}"));
    }
    assert_eq!(server.ask::<u64>("DBSIZE"), 0);

    let lines = "{\"data\":{\"to\":\"+34600111222\",\"text\":\"Hi\"}}\n{\"data\":{\"to\":\"+34600111222\"}}\n";
    let run = wq(&server).line("enqueue --ndjson -").input(lines).run().exits(5);
    run.stderr_has("line 2 of standard input: data.text: missing").stderr_has("stored 1 ");
}

#[test]
fn any_other_data_is_stored_as_it_is() {
    let server = Server::start();
    let others = [
        ("send", r#"{"phone":"+34600","name":"Ana"}"#),
        ("send", r#"{"type":"contact","action":"created"}"#),
        ("send", r#"[{"to":7}]"#),
        ("mail", r#"{"to":"ana@example.com","text":"Hi"}"#),
        ("bill", r#"{"to":7,"number":"2026/17","type":"fax"}"#),
    ];

    for (number, (name, data)) in others.into_iter().enumerate() {
        wq(&server).args(["enqueue", "--id", &format!("j{number}"), "--name", name, "--data", data]).run().exits(0);
        let line = format!("{{\"name\":\"{name}\",\"data\":{data},\"opts\":{{\"jobId\":\"l{number}\"}}}}");
        wq(&server).line("enqueue --ndjson -").input(line).run().exits(0);

        for id in [format!("j{number}"), format!("l{number}")] {
            assert_eq!(server.ask::<String>(&format!("HGET bull:whatsapp:{id} data")), data);
        }
    }
}

#[test]
fn changed_data_is_still_a_message() {
    let server = Server::start();
    let wrong = r#"{"to":"+34600111222","media":"file:///etc/passwd"}"#;
    to_ana(&server).args(["--id", "a", "--text", "Hi"]).run().exits(0);
    wq(&server).args(["enqueue", "--id", "b", "--name", "mail", "--data", "{}"]).run().exits(0);

    wq(&server).args(["jobs", "update", "a", "--data", wrong]).run().exits(2).stderr_has("media: must begin with https://");
    wq(&server).args(["jobs", "update", "b", "--data", wrong]).run().exits(0);
    wq(&server).args(["jobs", "update", "nobody", "--data", wrong]).run().exits(4);

    assert_eq!(data(&server, "a"), json!({ "to": "+34600111222", "text": "Hi" }));
    assert_eq!(data(&server, "b")["media"], "file:///etc/passwd");
}

#[test]
fn no_error_repeats_a_number_or_what_an_address_holds() {
    let server = Server::start();
    let secrets = [
        r#"{"to":"+34655443322999","text":"Hi"}"#,
        r#"{"to":"655443322999@g.us","text":"Hi"}"#,
        r#"{"to":"+34600111222","contact":{"name":"Eva","phone":"655443322999"}}"#,
        r#"{"to":"+34600111222","media":{"kind":"image","url":"https://ana:655443322@example.com/a"}}"#,
        r#"{"to":"+34600111222","media":{"kind":"image","url":"https://10.0.0.1/655443322"}}"#,
    ];

    for data in secrets {
        let run = wq(&server).args(["enqueue", "--data", data]).run().exits(2);
        assert!(!run.stderr.contains("655443322"), "{}", run.stderr);
    }
}
