//! Files that passrig reads: errors print no secret of them, and no file takes all memory or waits
//! for ever.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::{Ran, program, run};

/// A value that no output contains.
const SECRET: &str = "Hunter-2-Secret";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The text without the frame and the line breaks of the terminal.
fn flowing(text: &str) -> String {
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The program with these arguments, with 2 GB of address space and 20 seconds. The exit code of
/// a program that takes longer is 124.
fn bounded(folder: &Path, arguments: &str) -> Ran {
    let script = format!("ulimit -v 2000000; exec timeout 20 {} {arguments}", program().display());
    let mut command = Command::new("bash");
    command.args(["-c", &script]).current_dir(folder).stdin(Stdio::null());
    Ran::of(command.output().unwrap(), folder)
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// An adapter with a mistake on its last line.
fn adapter(secret_line: &str) -> String {
    format!("id = \"mine\"\nname = \"Mine\"\nstatus = \"tested\"\n{secret_line}\nnonsense = 1\n")
}

const SECRET_LINES: [&str; 8] = [
    "password = \"Hunter-2-Secret\"",
    "authorization = \"Bearer Hunter-2-Secret\"",
    "token = 'Hunter-2-Secret'",
    "headers = { x = 1, authorization = \"Basic Hunter-2-Secret\" }",
    "account.pool = [{ username = \"ann\", password = \"Hunter-2-Secret\" }]",
    "a.\"client secret\" = [\"Hunter-2-Secret\"]",
    "x = '{\"refresh_token\":\"Hunter-2-Secret\"}'",
    "# password = \"Hunter-2-Secret\"",
];

/// An adapter has a mistake beside a secret.
// Before: red.
#[tokio::test]
async fn an_excerpt_of_an_adapter_shows_no_secret() {
    for line in SECRET_LINES {
        let folder = folder(&[("mine.toml", &adapter(line))]);
        let ran = run(folder.path(), "check --rp http://localhost:1 --adapter mine.toml").await;
        let said = ran.exits(2).said();
        assert!(!said.contains(SECRET) && !said.contains("Hunter"), "{said}");
        assert!(said.contains("mine.toml:") && said.contains("******"), "{said}");
    }
}

/// passrig.toml has a mistake beside a secret, or in it.
// Before: red.
#[tokio::test]
async fn an_excerpt_of_settings_shows_no_secret_and_points_at_the_mistake() {
    for (text, place) in [
        ("[target]\nvars = { password = \"Hunter-2-Secret\" }\nwrong = 1\n", "3:1]"),
        ("[target]\nvars = { password = \"Hunter-2-Secret\", a.b = 1 }\n", "2:"),
        ("[target.vars]\npassword = Hunter-2-Secret\n", "2:12]"),
        ("[target.vars]\npassword = \"Hunter-2-Secret\n", "2:"),
        ("[target]\ntoken = \"Hunter-2-Secret\"\n", "2:1]"),
        ("wrong = 1\n[target]\nvars.api_key = '''\nHunter-2-Secret\n'''\n", "1:1]"),
        ("[[expect]]\ncheck = { password = \"Hunter-2-Secret\" }\n", "2:9]"),
    ] {
        for config in ["", " --config passrig.toml"] {
            let folder = folder(&[("passrig.toml", text)]);
            let ran = run(folder.path(), &format!("check{config}")).await;
            let said = ran.exits(2).said();
            assert!(!said.contains("Hunter"), "{said}");
            assert!(said.contains(&format!("passrig.toml:{place}")), "{place}: {said}");
        }
    }
}

/// A parser quotes the value that it does not expect.
// Before: red.
#[tokio::test]
async fn a_message_quotes_no_secret() {
    let text = "id = \"mine\"\nname = \"Mine\"\nstatus = \"tested\"\n\
                [account]\nmode = \"pool\"\npool = [{ username = \"ann\", password = 80414711 }]\n";
    let folder = folder(&[("mine.toml", text)]);
    let ran = run(folder.path(), "check --rp http://localhost:1 --adapter mine.toml").await;
    let said = ran.exits(2).said();
    assert!(!said.contains("80414711"), "{said}");
}

/// A script of a page and a catalogue have a mistake beside a secret.
// Before: red for the script.
#[tokio::test]
async fn an_excerpt_of_a_script_or_a_catalogue_shows_no_secret() {
    let script = "step = [{ fill = \"#a\", password = \"Hunter-2-Secret\", with = 5 }]\n";
    let checks = "password = \"Hunter-2-Secret\"\n[[check]]\nid = 5\n";
    let folder = folder(&[("script.toml", script), ("own.toml", checks)]);
    for arguments in [
        "page http://localhost:1 --script script.toml",
        "check --catalogue own.toml",
        "list --catalogue own.toml",
    ] {
        let ran = run(folder.path(), arguments).await;
        let said = ran.said();
        assert_ne!(ran.code, 0, "{said}");
        assert!(!said.contains("Hunter"), "{arguments}: {said}");
        assert!(said.contains(".toml"), "{said}");
    }
}

/// passrig.toml of the current folder names a file of another folder, whose lines an error would
/// print: as the adapter, as the certificates, by a path or by a symbolic link.
// Before: red.
#[tokio::test]
async fn a_found_file_names_no_file_of_another_folder() {
    let elsewhere = folder(&[("notes", "my notes: Hunter-2-Secret\n")]);
    let notes = elsewhere.path().join("notes").canonicalize().unwrap();
    let notes = notes.display();
    for key in ["adapter", "ca"] {
        for (link, named) in [(None, notes.to_string()), (Some("link.toml"), "./link.toml".into())]
            .into_iter()
            .chain((key == "adapter").then(|| (Some("innocent"), "innocent".to_owned())))
            .chain([(None, "sub/../../notes".to_owned())])
        {
            let text = format!("[target]\nrp = \"http://localhost:1\"\n{key} = \"{named}\"\n");
            let outer = folder(&[("notes", "my notes: Hunter-2-Secret\n")]);
            let here = outer.path().join("here");
            fs::create_dir_all(here.join("sub")).unwrap();
            fs::write(here.join("passrig.toml"), text).unwrap();
            if let Some(link) = link {
                symlink(notes.to_string(), here.join(link)).unwrap();
            }
            for verb in ["check", "baseline", "simulate lost-device"] {
                let ran = run(&here, verb).await;
                let said = flowing(&ran.exits(2).said());
                assert!(!said.contains("Hunter") && !said.contains("my notes"), "{said}");
                for part in [
                    "passrig.toml:3:",
                    &format!("`{key}`"),
                    &named,
                    &format!("--{key} FILE"),
                    "--config passrig.toml",
                ] {
                    assert!(said.contains(part), "{part}: {said}");
                }
            }
        }
    }
}

/// passrig.toml of the current folder names a device or a FIFO of its folder as the adapter.
// Before: red.
#[tokio::test]
async fn a_found_file_names_regular_files_only() {
    let folder = folder(&[(
        "passrig.toml",
        "[target]\nrp = \"http://localhost:1\"\nadapter = \"pipe.toml\"\n",
    )]);
    fifo(&folder.path().join("pipe.toml"));
    let ran = bounded(folder.path(), "check");
    let said = flowing(&ran.exits(2).said());
    assert!(said.contains("not a regular file") && said.contains("--adapter FILE"), "{said}");
}

/// A passrig.toml that names an adapter of its own folder, also through a link, still counts.
// Before: held.
#[tokio::test]
async fn a_found_file_names_files_of_its_folder() {
    let folder = folder(&[]);
    fs::create_dir(folder.path().join("ci")).unwrap();
    let adapter = include_str!("../../adapters/reference.toml");
    fs::write(folder.path().join("ci/real.toml"), adapter).unwrap();
    symlink("ci/real.toml", folder.path().join("link.toml")).unwrap();
    for name in ["ci/real.toml", "link.toml", "./link.toml"] {
        let text = format!("[target]\nrp = \"http://localhost:1\"\nadapter = \"{name}\"\n");
        fs::write(folder.path().join("passrig.toml"), text).unwrap();
        // The RP does not answer: the adapter was read.
        run(folder.path(), "check").await.exits(3);
    }
}

/// passrig.toml of the current folder is a link to a file of another folder, whose lines an error
/// would print.
// Before: red.
#[tokio::test]
async fn a_found_file_that_leads_elsewhere_is_not_read() {
    let elsewhere = folder(&[("notes", "my notes: Hunter-2-Secret\n")]);
    let here = folder(&[]);
    symlink(elsewhere.path().join("notes"), here.path().join("passrig.toml")).unwrap();
    for verb in ["check", "baseline", "page http://localhost:1", "simulate lost-device"] {
        let ran = run(here.path(), verb).await;
        let said = flowing(&ran.exits(2).said());
        assert!(!said.contains("Hunter") && !said.contains("my notes"), "{said}");
        assert!(said.contains("--config passrig.toml"), "{said}");
    }
}

/// passrig.toml of the current folder is a FIFO or an endless device.
// Before: red.
#[test]
fn a_found_file_is_a_regular_file() {
    let folder = folder(&[]);
    let file = folder.path().join("passrig.toml");
    for verb in ["check", "baseline", "page http://localhost:1", "simulate lost-device"] {
        fifo(&file);
        let ran = bounded(folder.path(), verb);
        assert!(flowing(&ran.exits(2).said()).contains("regular file"), "{}", ran.said());
        fs::remove_file(&file).unwrap();
        symlink("/dev/zero", &file).unwrap();
        let ran = bounded(folder.path(), verb);
        assert!(flowing(&ran.exits(2).said()).contains("regular file"), "{}", ran.said());
        fs::remove_file(&file).unwrap();
    }
}

/// Files that the command line names never end.
// Before: red.
#[test]
fn an_endless_file_is_an_error_that_names_the_limit() {
    let folder = folder(&[]);
    for (arguments, limit) in [
        ("check --rp http://localhost:1 --adapter /dev/zero", "4 MiB"),
        ("adapter test /dev/zero --rp http://localhost:1", "4 MiB"),
        ("check --config /dev/zero", "4 MiB"),
        ("check --catalogue /dev/zero", "4 MiB"),
        ("list --catalogue /dev/zero", "4 MiB"),
        ("check --rp https://localhost:1 --adapter reference --ca /dev/zero", "4 MiB"),
        ("page http://localhost:1 --script /dev/zero", "4 MiB"),
        ("compare /dev/zero /dev/zero", "64 MiB"),
        ("render /dev/zero --report html=r.html", "64 MiB"),
        ("check --rerun-failed /dev/zero", "64 MiB"),
        ("adapter from-har /dev/zero", "256 MiB"),
        ("authenticator create --origin http://localhost --options /dev/zero", "16 MiB"),
    ] {
        let ran = bounded(folder.path(), arguments);
        let said = flowing(&ran.exits(2).said());
        assert!(said.contains(&format!("expected at most {limit}, found more")), "{said}");
        assert!(said.contains("/dev/zero"), "{said}");
    }
}

/// A store of passkeys that is a FIFO or a device, and a lock of it that is a FIFO.
// Before: red.
#[test]
fn a_store_is_a_regular_file() {
    let folder = folder(&[]);
    let ran = bounded(folder.path(), "authenticator credentials list --store /dev/zero");
    assert_eq!(ran.code, 2, "{}", ran.said());
    fifo(&folder.path().join("passkeys.json"));
    let ran = bounded(folder.path(), "authenticator credentials list");
    assert!(flowing(&ran.exits(2).said()).contains("found a FIFO"), "{}", ran.said());
    fs::remove_file(folder.path().join("passkeys.json")).unwrap();
    let lock = folder.path().join(".passkeys.json.lock");
    let _ = fs::remove_file(&lock);
    fifo(&lock);
    bounded(folder.path(), "authenticator credentials list").exits(2);
}

/// The folder of logs holds a FIFO and links that never end.
// Before: red.
#[test]
fn logs_that_are_found_are_regular_files() {
    let folder = folder(&[]);
    let logs = folder.path().join(".passrig");
    fs::create_dir(&logs).unwrap();
    fifo(&logs.join("a.jsonl"));
    symlink("/dev/zero", logs.join("b.jsonl")).unwrap();
    fifo(&logs.join(".gitignore"));
    let ran = bounded(folder.path(), "check --rerun-failed");
    assert!(flowing(&ran.exits(2).said()).contains("no log in .passrig"), "{}", ran.said());
    let ran = bounded(folder.path(), "check --only registration.type.nonsense");
    assert_ne!(ran.code, 124, "{}", ran.said());
}

/// The mark of an export of trust is a FIFO or never ends.
// Before: held: the system refused the memory.
#[test]
fn a_mark_of_an_export_is_a_regular_file() {
    for is_endless in [false, true] {
        let folder = folder(&[]);
        fs::create_dir(folder.path().join("trust")).unwrap();
        let mark = folder.path().join("trust/passrig-trust.json");
        match is_endless {
            true => symlink("/dev/zero", mark).unwrap(),
            false => fifo(&mark),
        }
        bounded(folder.path(), "trust export trust").exits(2);
    }
}

/// Files that the command line names can be FIFOs.
// Before: held.
#[test]
fn a_named_file_can_be_a_fifo() {
    let folder = folder(&[("target.toml", "[target]\nrp = \"http://localhost:1\"\n")]);
    let adapter = concat!(env!("CARGO_MANIFEST_DIR"), "/adapters/reference.toml");
    let arguments = format!("check --config <(cat target.toml) --adapter <(cat {adapter})");
    bounded(folder.path(), &arguments).exits(3);
}
