//! Keeps the house in order: who may import whom, where each dependency lives, what every file must say.

mod paths;

use std::fs;
use std::path::{Path, PathBuf};

use paths::named_in;

/// Every folder with a rule, and the folders it may import from: those below it, and never a sibling.
const FOLDERS: [(&str, &[&str]); 12] = [
    ("core::model", &[]),
    ("core::store", &["core::model"]),
    ("core::dispatch", &["core::model", "core::store"]),
    ("transport", &["core"]),
    ("analytics", &["core"]),
    ("campaign", &["core"]),
    ("sandbox", &["core::model"]),
    ("app", &["core", "transport", "analytics", "campaign"]),
    ("output", &["core", "transport", "analytics", "campaign", "app"]),
    ("cli", &["core", "transport", "analytics", "campaign", "app", "output", "sandbox"]),
    ("http", &["core", "transport", "analytics", "campaign", "app", "output"]),
    ("dash", &["core", "transport", "analytics", "campaign", "app", "output"]),
];

/// Crates with a home, and the folders that are it.
const HOMES: [(&str, &[&str]); 12] = [
    ("redis", &["core::store"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("anyhow", &["cli"]),
    ("jiff", &["cli", "output", "core::model", "sandbox"]),
    ("comfy_table", &["output"]),
    ("indicatif", &["output"]),
    ("csv", &["output", "campaign"]),
    ("reqwest", &["transport", "sandbox"]),
    ("axum", &["http"]),
    ("ratatui", &["dash"]),
    ("crossterm", &["dash"]),
];

/// A file past this many lines is two files.
const MOST_LINES: usize = 500;
/// A script past this many lines holds the server up for reasons that nobody sees at once.
const MOST_LUA_LINES: usize = 200;

#[test]
fn a_folder_imports_only_from_folders_below_it() {
    assert_none(sources("src", "rs").iter().flat_map(|file| layer_faults(&shown(file), &read(file))).collect());
}

#[test]
fn every_crate_stays_in_its_home() {
    assert_none(sources("src", "rs").iter().flat_map(|file| home_faults(&shown(file), &read(file))).collect());
}

#[test]
fn a_forbidden_import_is_caught_wherever_it_hides() {
    let forbidden = [
        ("src/core/store/add.rs", "use crate::app::error::AppError;\n"),
        ("src/core/store/add.rs", "use crate::{core::{model::job::NewJob, dispatch::Worker}};\n"),
        ("src/core/store/mod.rs", "fn f() { crate::app::bulk::run(); }\n"),
        ("src/core/store/add.rs", "use super::super::dispatch::Worker;\n"),
        ("src/core/model/job.rs", "fn f(queue: super::super::store::Queue) {}\n"),
        ("src/core/model/job.rs", "mod tests {\n    use super::super::super::store::Queue;\n}\n"),
        ("src/transport/http.rs", "use crate::campaign::reader as read;\n"),
        ("src/app/worker.rs", "type Shell = crate::cli::shell::Shell;\n"),
        ("src/output/table.rs", "pub use crate::cli::Exit;\n"),
        ("src/http/api.rs", "use crate::cli::Exit;\n"),
    ];
    for (file, source) in forbidden {
        assert_eq!(layer_faults(file, source).len(), 1, "{file}: {source}{:?}", layer_faults(file, source));
    }
    let homeless = [
        ("src/app/worker.rs", "use redis::Client;\n"),
        ("src/app/worker.rs", "use ::redis::Client;\n"),
        ("src/app/worker.rs", "fn f() { let x = redis::cmd(\"PING\"); }\n"),
        ("src/app/worker.rs", "use std::{fmt, io};\nuse {redis as r};\n"),
        ("src/app/error.rs", "fn f() -> anyhow::Result<()> { Ok(()) }\n"),
        ("src/core/model/job.rs", "#[derive(clap::Args)]\nstruct Args;\n"),
        ("src/cli/bulk.rs", "use reqwest::Url;\n"),
    ];
    for (file, source) in homeless {
        assert_eq!(home_faults(file, source).len(), 1, "{file}: {source}");
    }
}

#[test]
fn what_is_allowed_or_only_looks_forbidden_is_left_alone() {
    let fine = [
        ("src/core/store/add.rs", "use crate::core::model::job::NewJob;\nuse super::keys::Keys;\nuse redis::Value;\n"),
        ("src/core/dispatch/desk.rs", "use crate::core::{model::{job, queue}, store::Queue};\n"),
        (
            "src/app/worker.rs",
            "// redis::cmd\n/* crate::cli */ const A: &str = \"redis::x crate::cli::y\"; const B: &str = r#\"crate::\"cli\"#;\n",
        ),
        (
            "src/app/worker.rs",
            "fn f<'a>(x: &'a str) -> char { ':' }\nuse crate::core::store::server as redis;\nfn g() { redis::ping(); }\n",
        ),
        ("src/cli/mod.rs", "pub mod redis;\nfn f() { redis::run(); }\nuse crate::output::Printer;\nuse anyhow::Result;\n"),
        ("src/output/mod.rs", "#[derive(clap::ValueEnum)]\nenum Format {}\n"),
        ("src/main.rs", "fn main() { wq::cli::run(); }\n"),
    ];
    for (file, source) in fine {
        assert_eq!((layer_faults(file, source), home_faults(file, source)), (vec![], vec![]), "{file}: {source}");
    }
}

#[test]
fn every_file_says_what_it_is_and_fits_a_sitting() {
    let mut faults = Vec::new();
    for file in sources("src", "rs").into_iter().chain(sources("tests/it", "rs")) {
        let source = read(&file);
        if !source.starts_with("//! ") && !source.starts_with("#![doc") {
            faults.push(format!("{}:1: begins without a `//!` sentence", shown(&file)));
        }
        if source.lines().count() > MOST_LINES {
            faults.push(format!("{}: {} lines, more than {MOST_LINES}: find the two files inside", shown(&file), source.lines().count()));
        }
    }
    assert_none(faults);
}

#[test]
fn one_file_reads_the_wall_clock_and_scripts_ask_the_server() {
    const READS: [&str; 7] =
        ["SystemTime::now", "UNIX_EPOCH.elapsed", "Timestamp::now", "Zoned::now", "ZonedDateTime::now", "Utc::now", "Local::now"];
    let readers = |folder: &str, ending: &str, words: &[&str]| -> Vec<String> {
        let reads = |file: &PathBuf| words.iter().any(|word| read(file).contains(word));
        sources(folder, ending).iter().filter(|file| reads(file)).map(|file| shown(file)).collect()
    };

    assert_eq!(readers("src", "rs", &READS), ["src/core/model/clock.rs"]);
    assert_eq!(readers("src/core/store/lua", "lua", &["'TIME'", "\"TIME\"", "os.time", "os.clock"]), ["src/core/store/lua/lib/queue.lua"]);
}

#[test]
fn every_dependency_is_used() {
    let manifest = read(&root().join("Cargo.toml"));
    let wanted = manifest.split_once("\n[dependencies]\n").unwrap().1.split("\n[").next().unwrap();
    let code: String = sources("src", "rs").iter().map(|file| read(file)).collect();
    let names = wanted.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);

    let unused: Vec<String> = names.filter(|name| !code.contains(&name.replace('-', "_"))).map(str::to_owned).collect();

    assert_none(unused);
}

#[test]
fn every_lua_script_is_used_and_its_header_agrees_with_it() {
    let scripts = sources("src/core/store/lua", "lua");
    assert!(scripts.len() > 10, "found only {scripts:?}");
    let code = read(&root().join("src/core/store/scripts.rs"));
    assert_none(scripts.iter().flat_map(|file| lua_faults(&shown(file), &read(file), &code)).collect());
}

#[test]
fn a_lua_script_that_keeps_quiet_is_caught() {
    let code = "script!(\"take_jobs\", \"\")";
    let good = "-- Takes.\n--\n-- ARGV\n--   3 want  1…\n--   4…6     how\n-- Returns ids.\nreturn ARGV[3] + ARGV[6]\n";

    assert_eq!(lua_faults("lua/take_jobs.lua", good, code), Vec::<String>::new());
    assert_eq!(lua_faults("lua/other_jobs.lua", good, code).len(), 1);
    assert_eq!(lua_faults("lua/take_jobs.lua", &good.replace("ARGV[6]", "ARGV[7]"), code).len(), 1);
    assert_eq!(lua_faults("lua/take_jobs.lua", &good.replace("-- Returns ids.\n", ""), code).len(), 1);
}

/// Imports from above or from a sibling.
fn layer_faults(file: &str, source: &str) -> Vec<String> {
    let Some((folder, allowed)) = FOLDERS.iter().find(|(folder, _)| is_in(file, folder)) else { return Vec::new() };
    let module = module_of(file);
    let mut faults = Vec::new();
    for named in named_in(source, &module.split("::").collect::<Vec<_>>()) {
        let [root, inner @ ..] = named.path.as_slice() else { continue };
        let path = inner.join("::");
        let wanted = FOLDERS.iter().map(|(other, _)| *other).find(|other| is_below(&path, other));
        if let Some(wanted) =
            wanted.filter(|wanted| root == "crate" && wanted != folder && !allowed.iter().any(|below| is_below(wanted, below)))
        {
            faults.push(format!(
                "{file}:{}: {folder} imports {wanted}; a folder imports only from folders below it (architecture.md, rule 1)",
                named.line
            ));
        }
    }
    faults
}

/// Crates used outside their home.
fn home_faults(file: &str, source: &str) -> Vec<String> {
    let module = module_of(file);
    let mut faults = Vec::new();
    for named in named_in(source, &module.split("::").collect::<Vec<_>>()) {
        let Some((name, homes)) = HOMES.iter().find(|(name, _)| *name == named.path[0]) else { continue };
        let is_derive = *name == "clap" && named.path.get(1).is_some_and(|item| item == "ValueEnum");
        if !is_derive && !homes.iter().any(|home| is_in(file, home)) {
            faults.push(format!("{file}:{}: {name} lives in {} (architecture.md, rule 2)", named.line, homes.join(" and ")));
        }
    }
    faults
}

fn lua_faults(file: &str, source: &str, code: &str) -> Vec<String> {
    let name = Path::new(file).file_stem().unwrap().to_string_lossy();
    let header: Vec<&str> = source.lines().take_while(|line| line.starts_with("--")).collect();
    let mut faults = Vec::new();
    if !code.contains(&format!("\"{name}\"")) && !code.contains(&format!("{name}.lua")) {
        faults.push(format!("{file}: no code uses it"));
    }
    if source.lines().count() > MOST_LUA_LINES {
        faults.push(format!("{file}: more than {MOST_LUA_LINES} lines"));
    }
    if header.is_empty() {
        faults.push(format!("{file}:1: begins without saying what it is for"));
    }
    if !file.contains("/lib/") {
        let sections = ["-- ARGV", "-- Returns"];
        faults.extend(
            sections
                .iter()
                .filter(|section| !header.iter().any(|line| line.starts_with(*section)))
                .map(|section| format!("{file}: no {section:?}")),
        );
        let documented: Vec<(usize, usize)> = header.iter().filter_map(|line| numbers_of(line)).collect();
        let used = source.split("ARGV[").skip(1).filter_map(|rest| rest.split(']').next()?.parse::<usize>().ok());
        faults.extend(
            used.filter(|number| !documented.iter().any(|(from, to)| (from..=to).contains(&number)))
                .map(|number| format!("{file}: ARGV[{number}] is not in the header")),
        );
    }
    faults
}

/// `--   4…6  how` is (4, 6); an open range has no end.
fn numbers_of(line: &str) -> Option<(usize, usize)> {
    let word = line.strip_prefix("--")?.split_whitespace().next()?;
    let (from, to) = word.split_once('…').unwrap_or((word, word));
    Some((from.parse().ok()?, to.parse().unwrap_or(usize::MAX)))
}

/// `src/core/store/mod.rs` is `core::store`.
fn module_of(file: &str) -> String {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    path.replace('/', "::")
}

fn is_in(file: &str, folder: &str) -> bool {
    is_below(&module_of(file), folder)
}

fn is_below(path: &str, folder: &str) -> bool {
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with("::"))
}

fn sources(folder: &str, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty(), "no .{ending} in {folder}");
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap().display().to_string()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

#[track_caller]
fn assert_none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
