//! Files: what is written keeps its kind, its mode and its neighbours.
#![cfg(unix)]

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use passrig_authenticator::wire::base64url;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Asked, FEW, FORMATS, Ran, check_in, passrig, run, serve};

/// A quick check of the built-in RP.
pub(crate) const CHECK: &str = "check --seed s --run-id one --only registration.type.nonsense";

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).unwrap().is_symlink()
}

/// A device like the one that is named. Where the test may not make one, the device itself is
/// used, which an unprivileged test cannot replace either.
pub(crate) fn device(folder: &Path, name: &str, minor: &str) -> PathBuf {
    let made = folder.join(name);
    let mknod = Command::new("mknod").arg(&made).args(["c", "1", minor]).output();
    match mknod.is_ok_and(|out| out.status.success())
        && OpenOptions::new().write(true).open(&made).is_ok()
    {
        true => made,
        false => Path::new("/dev").join(name),
    }
}

pub(crate) fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Everything that a reader of the FIFO gets.
fn reader(path: PathBuf) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        File::open(path).unwrap().read_to_string(&mut text).unwrap();
        text
    })
}

pub(crate) fn report(text: &str) -> Value {
    let report: Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(report["summary"]["pass"], 1, "{text}");
    report
}

/// The passkeys of a store; a registration adds one.
async fn create(folder: &Path, store: &str, user: &str) -> Ran {
    let options = json!({
        "rp": { "id": "passrig.test", "name": "tests" },
        "user": { "id": user, "name": user, "displayName": user },
        "challenge": "AAAA",
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
        "authenticatorSelection": { "residentKey": "required" },
    });
    fs::write(folder.join("options.json"), options.to_string()).unwrap();
    let origin = "--origin https://login.passrig.test";
    let arguments = format!("authenticator create {origin} --options options.json --store {store}");
    run(folder, &arguments).await
}

// Before: red. The device became a regular file.
#[tokio::test]
async fn a_device_stays_a_device() {
    let folder = folder();
    let null = device(folder.path(), "null", "3");
    let reports: String =
        FORMATS.map(|format| format!(" --report {format}={}", null.display())).concat();
    run(folder.path(), &format!("{CHECK}{reports}")).await.exits(0);
    let kind = fs::symlink_metadata(&null).unwrap().file_type();
    assert!(kind.is_char_device(), "{kind:?}");
}

// Before: red. A link to the descriptor became a regular file, the descriptor was refused.
#[tokio::test]
async fn standard_output_is_a_report_and_nothing_else() {
    let folder = folder();
    symlink("/proc/self/fd/1", folder.path().join("out")).unwrap();
    let mut names = vec!["out", "/proc/self/fd/1", "-"];
    if std::env::var_os("PASSRIG_BIN").is_none() {
        // The program as it was would replace it.
        names.push("/dev/stdout");
    }
    for name in names {
        let ran = run(folder.path(), &format!("{CHECK} --report json={name}")).await;
        ran.exits(0);
        report(std::str::from_utf8(&ran.out).unwrap());
        assert!(String::from_utf8_lossy(&ran.err).contains("1 check: 1 pass"), "{}", ran.said());
        assert!(is_link(&folder.path().join("out")) && !folder.path().join("-").exists());
    }
}

// Before: red. The draft cannot be made beside a descriptor.
#[tokio::test]
async fn a_file_of_the_caller_keeps_its_content() {
    let folder = folder();
    let file = folder.path().join("caller.txt");
    fs::write(&file, "before\n").unwrap();
    let opened = OpenOptions::new().append(true).open(&file).unwrap();
    let mut command = passrig(folder.path(), &format!("{CHECK} --report json=/proc/self/fd/1"));
    assert!(command.stdout(opened).status().unwrap().success());
    let text = fs::read_to_string(&file).unwrap();
    report(text.strip_prefix("before\n").unwrap());
}

// Before: red. The FIFO became a regular file, and its reader waited for ever.
#[tokio::test]
async fn a_fifo_is_written_to() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    fifo(&pipe);
    let reading = reader(pipe.clone());
    run(folder.path(), &format!("{CHECK} --report json=pipe --report junit=r.xml")).await.exits(0);
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    report(&reading.join().unwrap());
    assert!(folder.path().join("r.xml").exists());
}

// Before: held.
#[tokio::test]
async fn a_log_that_is_a_fifo_is_written_to() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    fifo(&pipe);
    let reading = reader(pipe.clone());
    run(folder.path(), &format!("{CHECK} --log pipe --report html=r.html")).await.exits(0);
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    let last = reading.join().unwrap();
    assert!(last.lines().last().unwrap().contains("\"end\""), "{last}");
}

// Before: red. Each link became a file; its target kept an old content.
#[tokio::test]
async fn links_of_reports_stay() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("artifacts")).unwrap();
    for (index, format) in FORMATS.into_iter().enumerate() {
        symlink(format!("artifacts/{format}"), at(&format!("report.{format}"))).unwrap();
        // One in two is there already.
        if index % 2 == 0 {
            fs::write(at(&format!("artifacts/{format}")), "old").unwrap();
        }
    }
    symlink("artifacts/log", at("log")).unwrap();
    let url = serve(|_, _| None).await;
    check_in(folder.path(), &url, &format!("{FEW} --log log")).await.exits(0);
    assert!(is_link(&at("log")) && fs::metadata(at("artifacts/log")).unwrap().len() > 1000);
    for format in FORMATS {
        assert!(is_link(&at(&format!("report.{format}"))), "{format}");
        assert!(fs::metadata(at(&format!("artifacts/{format}"))).unwrap().len() > 100, "{format}");
    }
    assert_eq!(fs::read_dir(at("artifacts")).unwrap().count(), FORMATS.len() + 1);
}

// Before: red. The link became a file, and the two names had different passkeys from then on.
#[tokio::test]
async fn a_link_as_store_stays() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("kept")).unwrap();
    symlink("kept/keys.json", at("store.json")).unwrap();
    for (name, user) in [("store.json", "AAAA"), ("kept/keys.json", "BBBB"), ("store.json", "CCCC")]
    {
        create(folder.path(), name, user).await.exits(0);
    }
    assert!(is_link(&at("store.json")));
    let store: Value = serde_json::from_slice(&fs::read(at("kept/keys.json")).unwrap()).unwrap();
    assert_eq!(store["credentials"].as_array().unwrap().len(), 3);
    // One lock for both names.
    assert!(!at(".store.json.lock").exists() && at("kept/.keys.json.lock").exists());
}

// Before: red. The file behind the link got the private keys; the lock made a file elsewhere.
#[tokio::test]
async fn a_link_at_a_predictable_name_is_not_followed() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("victim"), "years of work").unwrap();
    for suffix in ["new", "tmp"] {
        symlink("victim", at(&format!(".passkeys.json.{suffix}"))).unwrap();
    }
    create(folder.path(), "passkeys.json", "AAAA").await.exits(0);
    assert_eq!(fs::read_to_string(at("victim")).unwrap(), "years of work");

    symlink("nowhere", at(".other.json.lock")).unwrap();
    let ran = create(folder.path(), "other.json", "AAAA").await;
    ran.exits(2);
    assert!(ran.said().contains(".other.json.lock"), "{}", ran.said());
    assert!(!at("nowhere").exists());
}

// Before: red. A store was readable by everybody, and became so again with each change.
#[tokio::test]
async fn a_store_is_its_owners_alone() {
    let folder = folder();
    let store = folder.path().join("passkeys.json");
    create(folder.path(), "passkeys.json", "AAAA").await.exits(0);
    assert_eq!(mode(&store), 0o600);
    assert_eq!(mode(&folder.path().join(".passkeys.json.lock")), 0o600);
    for kept in [0o600, 0o640] {
        set_mode(&store, kept);
        create(folder.path(), "passkeys.json", "AAAA").await.exits(0);
        assert_eq!(mode(&store), kept);
    }
}

// Before: red. Reports and settings became readable by everybody.
#[tokio::test]
async fn a_file_that_is_replaced_keeps_its_mode() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    for kept in [0o600, 0o640] {
        for name in ["r.json", "r.html", "passrig.toml", "log"] {
            fs::write(at(name), "").unwrap();
            set_mode(&at(name), kept);
        }
        let more = "--report json=r.json --report html=r.html --log log";
        run(folder.path(), &format!("{CHECK} {more}")).await.exits(0);
        // A target that crashes fails, which is what a baseline writes.
        let url = serve(|asked, _| is_wrong(asked).then(broken)).await;
        let arguments = format!("baseline --rp {url} --adapter reference {FEW}");
        run(folder.path(), &arguments).await.exits(0);
        assert!(fs::read_to_string(at("passrig.toml")).unwrap().contains("[[expect]]"));
        for name in ["r.json", "r.html", "passrig.toml", "log"] {
            assert_eq!(mode(&at(name)), kept, "{name}");
        }
    }
}

/// Whether the request carries a credential that the checks of [`FEW`] make wrong.
pub(crate) fn is_wrong(asked: &Asked<'_>) -> bool {
    let sent: Value = serde_json::from_slice(asked.body).unwrap_or_default();
    let client_data = sent["response"]["clientDataJSON"].as_str().unwrap_or_default();
    let client_data = base64url::decode_lenient(client_data).unwrap();
    let client_data = String::from_utf8_lossy(&client_data).into_owned();
    asked.is_result() && !client_data.contains("webauthn.") && !client_data.contains("forged")
}

pub(crate) fn broken() -> axum::response::Response {
    crate::support::answer(500, "application/json", r#"{"status":"broken"}"#)
}

// Before: red. The link became a file.
#[tokio::test]
async fn a_baseline_follows_a_link_and_keeps_its_mode() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    // Needed by no check: the baseline removes it.
    let stale = "[[expect]]\ncheck = \"registration.type.nonsense\"\nreason = \"old\"\n";
    fs::create_dir(at("ci")).unwrap();
    fs::write(at("ci/settings.toml"), format!("# ours\n{stale}")).unwrap();
    set_mode(&at("ci/settings.toml"), 0o640);
    symlink("ci/settings.toml", at("passrig.toml")).unwrap();
    let ran = run(folder.path(), "baseline --only registration.type.nonsense").await;
    ran.exits(0);
    assert!(ran.said().contains("1 removed"), "{}", ran.said());
    assert!(is_link(&at("passrig.toml")));
    assert_eq!(mode(&at("ci/settings.toml")), 0o640);
    assert!(!fs::read_to_string(at("ci/settings.toml")).unwrap().contains("expect"));
}

// Before: held for reports; red for the log.
#[tokio::test]
async fn the_umask_decides_on_new_files() {
    for (mask, report) in [("077", 0o600), ("022", 0o644), ("027", 0o640)] {
        let folder = folder();
        let program = crate::support::program();
        let check = format!("{CHECK} --report json=r.json --report html=r.html");
        let script = format!(
            "umask {mask}; {0} {check} && {0} trust export trust && \
             {0} simulate platform-limits --json s.json --html s.html",
            program.display()
        );
        let ran =
            Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        for name in ["r.json", "r.html", "s.json", "s.html", "trust/roots/all.pem"] {
            assert_eq!(mode(&folder.path().join(name)), report, "{name} with umask {mask}");
        }
        assert_eq!(mode(&folder.path().join(".passrig")), 0o700, "umask {mask}");
        assert_eq!(mode(&folder.path().join(".passrig/one.jsonl")), 0o600, "umask {mask}");
    }
}

// Before: red. The umask decided who could read a log that the user names.
#[tokio::test]
async fn a_named_log_is_its_owners_alone() {
    for mask in ["022", "000", "077"] {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        symlink("behind", at("link")).unwrap();
        fs::write(at("kept"), "").unwrap();
        set_mode(&at("kept"), 0o644);
        for log in ["log", "link", "kept"] {
            let program = crate::support::program();
            let script = format!("umask {mask}; {} {CHECK} --log {log}", program.display());
            let ran = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output();
            assert!(ran.unwrap().status.success());
        }
        assert_eq!(mode(&at("log")), 0o600, "umask {mask}");
        assert_eq!(mode(&at("behind")), 0o600, "umask {mask}");
        assert_eq!(mode(&at("kept")), 0o644, "umask {mask}");
    }
}

// Before: red. Everybody on the machine could read the logs.
#[tokio::test]
async fn the_folder_of_logs_is_its_owners_alone() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    for _ in 0..2 {
        run(folder.path(), CHECK).await.exits(0);
        assert_eq!(mode(&at(".passrig")), 0o700);
        assert_eq!(mode(&at(".passrig/one.jsonl")), 0o600);
        assert_eq!(mode(&at(".passrig/.gitignore")), 0o600);
        // As an older version made them.
        set_mode(&at(".passrig"), 0o755);
        set_mode(&at(".passrig/one.jsonl"), 0o644);
    }
    // A folder with rules of its own has another owner in mind.
    fs::write(at(".passrig/.gitignore"), "*.tmp\n").unwrap();
    set_mode(&at(".passrig"), 0o750);
    run(folder.path(), CHECK).await.exits(0);
    assert_eq!(mode(&at(".passrig")), 0o750);
    assert_eq!(mode(&at(".passrig/one.jsonl")), 0o600);
}

// Before: red. A repository with such links had files elsewhere overwritten.
#[tokio::test]
async fn links_in_the_folder_of_logs_are_not_followed() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at(".passrig")).unwrap();
    fs::write(at("victim"), "years of work").unwrap();
    symlink("../victim", at(".passrig/one.jsonl")).unwrap();
    symlink("../nowhere", at(".passrig/.gitignore")).unwrap();
    symlink("../nothing", at(".passrig/two.jsonl")).unwrap();
    run(folder.path(), CHECK).await.exits(0);
    let url = serve(|_, _| None).await;
    let arguments = format!("check --rp {url} --adapter reference --run-id two {FEW}");
    run(folder.path(), &arguments).await.exits(0);
    assert_eq!(fs::read_to_string(at("victim")).unwrap(), "years of work");
    assert!(!at("nowhere").exists() && !at("nothing").exists());
    assert!(at(".passrig/two-2.jsonl").exists());
}

// Before: red. Everything else in the folder was deleted.
#[tokio::test]
async fn an_export_deletes_only_files_of_an_export() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    run(folder.path(), "trust export trust").await.exits(0);
    for mine in ["trust/thesis.txt", "trust/roots/mine.pem", "victim"] {
        fs::write(at(mine), "years of work").unwrap();
    }
    fs::write(at("trust/dropped.md"), "of an earlier version").unwrap();
    // A mark that claims files that no export wrote.
    let mark = fs::read(at("trust/passrig-trust.json")).unwrap();
    let mut mark: Value = serde_json::from_slice(&mark).unwrap();
    for claimed in ["thesis.txt", "../victim", "roots/mine.pem", "/etc/hostname"] {
        mark["files"][claimed] = Value::from("0".repeat(64));
    }
    fs::write(at("trust/passrig-trust.json"), mark.to_string()).unwrap();
    run(folder.path(), "trust export trust --seed other").await.exits(0);
    for mine in ["trust/thesis.txt", "trust/roots/mine.pem", "victim"] {
        assert_eq!(fs::read_to_string(at(mine)).unwrap(), "years of work", "{mine}");
    }
    assert!(at("trust/dropped.md").exists());
    assert!(!fs::read_to_string(at("trust/passrig-trust.json")).unwrap().contains("thesis"));
}

// Before: held.
#[tokio::test]
async fn an_export_leaves_folders_of_others_alone() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("work")).unwrap();
    fs::write(at("work/thesis.txt"), "years of work").unwrap();
    run(folder.path(), "trust export work").await.exits(2);
    // An empty mark marks nothing.
    fs::write(at("work/passrig-trust.json"), "").unwrap();
    run(folder.path(), "trust export work/thesis.txt").await.exits(2);
    assert_eq!(fs::read_to_string(at("work/thesis.txt")).unwrap(), "years of work");
}

// Before: held.
#[tokio::test]
async fn a_new_adapter_replaces_nothing() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("shop.toml"), "mine").unwrap();
    symlink("nowhere", at("link.toml")).unwrap();
    for output in ["shop.toml", "link.toml"] {
        let ran = run(folder.path(), &format!("adapter new shop --output {output}")).await;
        ran.exits(2);
        assert!(ran.said().contains("is there already"), "{}", ran.said());
    }
    assert_eq!(fs::read_to_string(at("shop.toml")).unwrap(), "mine");
    assert!(!at("nowhere").exists());
    let ran = run(folder.path(), "adapter new other").await;
    ran.exits(0);
    assert!(ran.file("other.toml").contains("id = \"other\""));
}
